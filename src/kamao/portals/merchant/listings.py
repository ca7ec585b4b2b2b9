"""One-click listing: the rules of a shop with preview before and undo after.

Refuses another merchant's shop and rules (404). Every act is a business operation; a preview writes nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.catalog.models import Brand, Category, Scene, Sku, in_language
from kamao.business.identity.models import Organisation, User
from kamao.business.identity.permissions import Permission
from kamao.business.shops.listing_rules import (
    add_rules,
    changes_of,
    edit_rule,
    remove_rule,
    rules_of,
    undo_last,
)
from kamao.business.shops.models import ListingRule, Shop
from kamao.business.shops.operations import open_shop, shops_of
from kamao.business.shops.previews import Preview, preview_rules
from kamao.business.shops.terms import money
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, say, say_refusal
from kamao.portals.kit.refusals import language
from kamao.portals.merchant.frame import KIND, merchant_page
from kamao.portals.merchant.listings_forms import CHANNELS, OpenShopForm, RuleForm, rule_initial


def own_shop_by_slug(request: ConsoleRequest, slug: str) -> Shop:
    """Return the acting merchant's shop of the console's mode; anything else is ``shop_not_found``."""
    for shop in shops_of(request.acting.organisation.id, cell=request.acting.cell.number):
        if shop.slug == slug:
            return shop
    raise Refusal("shop_not_found")


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def entry(request: ConsoleRequest) -> HttpResponse:
    """Go to the shop's listings; without a shop, open one first."""
    shops = shops_of(request.acting.organisation.id, cell=request.acting.cell.number)
    if shops and request.GET.get("open") is None and request.method == "GET":
        return HttpResponseRedirect(reverse("merchant:listing_rules", args=[shops[0].slug]))
    form = OpenShopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            shop = open_shop(
                request.acting.organisation, slug=form.cleaned_data["slug"], name=form.cleaned_data["name"],
                actor=actor_of(request), at=timezone.now(), cell=request.acting.cell.number,
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error("slug", message_of(refusal))
        else:
            say(request, _("The shop is open. List something in it."))
            return HttpResponseRedirect(reverse("merchant:listing_new", args=[shop.slug]))
    return merchant_page(request, "merchant/listings/open.html", {"form": form, "shops": shops})


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def rules(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Show the rules in force and the latest changes."""
    shop = own_shop_by_slug(request, slug)
    rows = rules_of(shop)
    changes = changes_of(shop, limit=8)
    people = dict(
        User.objects.filter(id__in={c.user_id for c in changes if c.user_id}).values_list("id", "name")
    )
    context = {
        **frame(request, shop),
        "lines": describe(rows),
        "changes": [
            {"row": change, "who": people.get(change.user_id, "") if change.user_id else ""}
            for change in changes
        ],
        "last": changes[0] if changes else None,
        "page_help": _(
            "A rule lists a whole category, brand or scene at once. Prices follow the cost; what cannot be "
            "sold hides by itself and comes back. The narrower rule wins over the wider one."
        ),
    }
    return merchant_page(request, "merchant/listings/rules.html", context)


def frame(request: ConsoleRequest, shop: Shop) -> dict[str, Any]:
    """Return what every listing page shows: the shop, its siblings, its address."""
    return {
        "shop": shop,
        "shops": shops_of(request.acting.organisation.id, cell=request.acting.cell.number),
        "shop_url": f"/s/{shop.slug}/",
    }


def describe(rows: list[ListingRule]) -> list[dict[str, Any]]:
    """Return rules with their scope and terms in words."""
    names = _scope_names(rows)
    return [
        {
            "rule": row,
            "scope": names.get(row.scope_id, "") if row.scope_id else _("Everything"),
            "terms": _terms(row),
        }
        for row in rows
    ]


def _scope_names(rows: list[ListingRule]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    models: tuple[tuple[str, Any], ...] = (("category", Category), ("scene", Scene), ("brand", Brand))
    for scope, model in models:
        found = model.objects.filter(id__in=_ids_of(rows, scope)).values_list("name_zh", "name_en", "id")
        names.update({key: in_language(zh, en) for zh, en, key in found})
    suppliers = Organisation.objects.filter(id__in=_ids_of(rows, "supplier"))
    names.update(dict(suppliers.values_list("id", "display_name")))
    names.update(dict(Sku.objects.filter(id__in=_ids_of(rows, "sku")).values_list("id", "code")))
    return names


def _ids_of(rows: list[ListingRule], scope: str) -> list[UUID]:
    return [row.scope_id for row in rows if row.scope == scope and row.scope_id is not None]


def _terms(rule: ListingRule) -> list[str]:
    if not rule.lists:
        return [_("kept out")]
    words = [f"+{rule.markup_per_mille / 10:g}%"]
    if rule.markup_e4:
        words.append(f"+{money(rule.markup_e4)}" if rule.markup_e4 > 0 else f"−{money(-rule.markup_e4)}")
    if rule.rounding != "none":
        words.append(str(rule.get_rounding_display()))
    if rule.floor_e4 is not None:
        words.append(_("at least %(price)s") % {"price": money(rule.floor_e4)})
    if rule.ceiling_e4 is not None:
        words.append(_("at most %(price)s") % {"price": money(rule.ceiling_e4)})
    if rule.official_ceiling_per_mille is not None:
        share = f"{rule.official_ceiling_per_mille / 10:g}%"
        words.append(_("at most %(share)s of the official price") % {"share": share})
    channels = dict(CHANNELS)
    words += [
        f"{channels.get(channel, channel)} " + _limits(limits)
        for channel, limits in rule.channel_limits.items()
    ]
    words += [_("not sold %(hours)s") % {"hours": hours} for hours in rule.closed_hours]
    if not rule.follows_new:
        words.append(_("no new goods"))
    return words


def _limits(limits: dict[str, int | None]) -> str:
    low, high = limits["floor_e4"], limits["ceiling_e4"]
    return f"{money(low) if low is not None else ''}–{money(high) if high is not None else ''}"


def preview_context(preview: Preview) -> dict[str, Any]:
    """Return a preview for the template, names in the reader's language."""
    lines = [
        {"name": in_language(sample.name_zh, sample.name_en), "sample": sample,
         "margin_e4": sample.after_e4 - sample.cost_e4
         if sample.after_e4 is not None and sample.cost_e4 is not None else None}
        for sample in preview.samples
    ]  # fmt: skip
    return {"preview": preview, "samples": lines}


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def new(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Add a rule: 一键上架."""
    return _rule_page(request, own_shop_by_slug(request, slug), rule=None)


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def edit(request: ConsoleRequest, slug: str, key: UUID) -> HttpResponse:
    """Change a rule."""
    shop = own_shop_by_slug(request, slug)
    return _rule_page(request, shop, rule=_own_rule(shop, key))


def _own_rule(shop: Shop, key: UUID) -> ListingRule:
    rule = next((row for row in rules_of(shop) if row.key == key), None)
    if rule is None:
        raise Refusal("listing_not_found")
    return rule


def _rule_page(request: ConsoleRequest, shop: Shop, *, rule: ListingRule | None) -> HttpResponse:
    initial = rule_initial(rule) if rule else {"scope": request.GET.get("scope", "everything")}
    form = RuleForm(request.POST or None, shop=shop, initial=initial)
    context: dict[str, Any] = {**frame(request, shop), "form": form, "rule": rule}
    if request.method == "POST" and form.is_valid():
        try:
            if "preview" in request.POST:
                context |= preview_context(_previewed(shop, form, rule))
            else:
                _save(request, shop, form, rule)
                return HttpResponseRedirect(reverse("merchant:listing_rules", args=[shop.slug]))
        except Refusal as refusal:
            _show(form, refusal)
    context["page_help"] = _(
        "The preview counts what would change before anything does. Every change can be undone."
    )
    return merchant_page(request, "merchant/listings/rule.html", context)


def _previewed(shop: Shop, form: RuleForm, rule: ListingRule | None) -> Preview:
    return preview_rules(shop, [form.draft()], at=timezone.now(), replaces=rule.key if rule else None)


def _save(request: ConsoleRequest, shop: Shop, form: RuleForm, rule: ListingRule | None) -> None:
    now = timezone.now()
    if rule is None:
        add_rules(shop, [form.draft()], actor=actor_of(request), at=now)
        say(request, _("Listed. The shop shows it at once."))
    else:
        edit_rule(shop, rule.key, form.draft(), actor=actor_of(request), at=now)
        say(request, _("Changed. The new prices hold at once; undo is on this page."))


def _show(form: RuleForm, refusal: Refusal) -> None:
    zh = language().startswith("zh")
    for _pointer, text_zh, text_en in refusal.pointers or (("", refusal.zh, refusal.en),):
        form.add_error(None, text_zh if zh else text_en)


@require_POST
@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def preview(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Answer the live preview of the rule form as a fragment."""
    shop = own_shop_by_slug(request, slug)
    form = RuleForm(request.POST, shop=shop)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        key = request.POST.get("rule", "")
        try:
            context |= preview_context(_previewed(shop, form, _own_rule(shop, UUID(key)) if key else None))
        except Refusal as refusal:
            _show(form, refusal)
        except ValueError:
            raise Refusal("listing_not_found") from None
    return merchant_page(request, "merchant/listings/preview.html", {"wallet": None, **context})


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def remove(request: ConsoleRequest, slug: str, key: UUID) -> HttpResponse:
    """Ask, with the count of what leaves the shop, then remove a rule."""
    shop = own_shop_by_slug(request, slug)
    rule = _own_rule(shop, key)
    now = timezone.now()
    if request.method == "POST":
        remove_rule(shop, rule.key, actor=actor_of(request), at=now)
        say(request, _("Removed. Undo is on this page."))
        return HttpResponseRedirect(reverse("merchant:listing_rules", args=[shop.slug]))
    context = {
        **frame(request, shop),
        **preview_context(preview_rules(shop, at=now, replaces=rule.key)),
        "line": describe([rule])[0],
    }
    return merchant_page(request, "merchant/listings/remove.html", context)


@require_POST
@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def undo(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Undo the latest change, if it is still the one that the person saw."""
    shop = own_shop_by_slug(request, slug)
    number = request.POST.get("number", "")
    try:
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
        undo_last(shop, wanted, actor=actor_of(request), at=timezone.now())
    except Refusal as refusal:
        say_refusal(request, refusal)
    else:
        say(request, _("Undone. Prices are what they were before."))
    return HttpResponseRedirect(reverse("merchant:listing_rules", args=[shop.slug]))
