"""Tags of the kit: icons, money, states, fields, navigation, empty states, pages, copy buttons, QR codes."""

import io
from datetime import datetime
from typing import Any

import segno
from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kamao.portals.kit import assets, formats, icons, states

register = template.Library()


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of one of the kit's built files."""
    return assets.asset(name).path


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Return one of our icons inline."""
    return mark_safe(icons.svg(name, css_class))  # noqa: S308  (our own constant markup)


def _money_html(parts: formats.MoneyParts, css_class: str) -> SafeString:
    return format_html(
        '<span class="money {}">{}<span class="money-sign">{}</span>{}'
        '<span class="money-minor">{}</span></span>',
        css_class,
        parts.minus,
        parts.sign,
        parts.major,
        parts.minor,
    )


@register.simple_tag
def money(amount_minor: int | None, currency: str = "CNY", css_class: str = "") -> SafeString | str:
    """Return an amount of minor units, minor part smaller; a dash where there is none."""
    if amount_minor is None:
        return "–"
    return _money_html(formats.money_parts(int(amount_minor), currency), css_class)


@register.simple_tag
def rate(unit_price_e4: int | None, currency: str = "CNY", css_class: str = "") -> SafeString | str:
    """Return a unit price (1/10 000 of the major unit) with two to four decimals; a dash where there is
    none.
    """
    if unit_price_e4 is None:
        return "–"
    return _money_html(formats.rate_parts(int(unit_price_e4), currency), css_class)


@register.filter
def money_text(amount_minor: int, currency: str = "CNY") -> str:
    """Return an amount as plain text."""
    return formats.money_text(int(amount_minor), currency)


@register.filter
def compact(count: int) -> str:
    """Return a count as 1.2k."""
    return formats.compact_count(int(count))


@register.simple_tag
def state(name: str, css_class: str = "") -> SafeString:
    """Return a state as a dot and a word."""
    look = states.look_of(str(name))
    tone = f"state-{look.tone}" if look.tone else ""
    live = "state-live" if look.live else ""
    return format_html(
        '<span class="state {} {} {}"><span class="state-dot" aria-hidden="true"></span>{}</span>',
        tone,
        live,
        css_class,
        look.word,
    )


@register.simple_tag
def moment(value: datetime | None, style: str = "minute") -> SafeString | str:
    """Return a moment in the reader's time zone: ``minute``, ``second`` or ``day``; a dash where there is
    none.
    """
    if value is None:
        return "–"
    local = timezone.localtime(value)
    pattern = {"minute": "Y-m-d H:i", "second": "Y-m-d H:i:s", "day": "Y-m-d"}[style]
    return format_html(
        '<time class="num nowrap" datetime="{}">{}</time>', value.isoformat(), date_format(local, pattern)
    )


@register.inclusion_tag("kit/field.html")
def field(
    bound: BoundField, label: str = "", hint: str = "", *, mark_optional: bool = True
) -> dict[str, Any]:
    """Render one form field: label, control, help, errors; ``mark_optional`` says so beside a field that
    is.
    """
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    described = [f"{bound.auto_id}_error"] if bound.errors else []
    if hint or bound.help_text:
        described.append(f"{bound.auto_id}_help")
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "says_optional": mark_optional and not bound.field.required,
        "is_check": kind == "checkbox" and not hasattr(widget, "choices"),
        "is_group": kind in {"radio", "checkbox"} and hasattr(widget, "choices"),
    }


@register.inclusion_tag("kit/form_fields.html")
def form_fields(form: Any) -> dict[str, Any]:
    """Render a form's general errors, its hidden fields and every visible field."""
    return {"form": form}


@register.inclusion_tag("kit/empty.html")
def empty_state(title: str, hint: str = "", action_url: str = "", action_label: str = "") -> dict[str, str]:
    """Render the cat with what is missing and the next step."""
    return {"title": title, "hint": hint, "action_url": action_url, "action_label": action_label}


@register.inclusion_tag("kit/pages.html", takes_context=True)
def pages(context: dict[str, Any], page: Page) -> dict[str, Any]:  # type: ignore[type-arg]
    """Render the pager of a Django ``Page``; other query parameters are kept."""
    return {"page": page, "request": context["request"]}


@register.inclusion_tag("kit/nav_item.html", takes_context=True)
def nav_item(
    context: dict[str, Any], url_name: str, icon_name: str, label: str, count: int = 0
) -> dict[str, Any]:
    """Render one line of a console's sidebar; ``url_name`` may be a path. Lights up on its page and below."""
    try:
        url = url_name if url_name.startswith("/") else reverse(url_name)
    except NoReverseMatch:
        return {"url": ""}
    path = context["request"].path
    roots = {"/merchant/", "/supplier/", "/operator/"}
    is_current = path == url or (url not in roots and path.startswith(url))
    return {"url": url, "icon_name": icon_name, "label": label, "count": count, "is_current": is_current}


@register.inclusion_tag("kit/copy_button.html")
def copy_button(text: str, label: str = "", css_class: str = "btn btn-sm") -> dict[str, str]:
    """Render a button that copies a text and says so."""
    return {"text": text, "label": label, "css_class": css_class}


@register.simple_tag
def qr(text: str, css_class: str = "") -> SafeString:
    """Return a QR code of a text as an inline SVG on white."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        buffer, kind="svg", border=1, xmldecl=False, svgns=True, omitsize=True, nl=False
    )
    # Drawn by segno from modules alone: the text itself is not in the markup.
    inner = mark_safe(buffer.getvalue().decode())  # noqa: S308
    return format_html('<span class="qr {}" role="img" aria-label="QR">{}</span>', css_class, inner)
