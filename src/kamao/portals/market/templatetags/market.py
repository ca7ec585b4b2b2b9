"""Tags of the hosted shop: the drawn card of a product, a number in groups."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from kamao.portals.market import art

register = template.Library()


@register.simple_tag
def card_art(name: str, detail: str = "", colour: str = "") -> SafeString:
    """Return a product's drawn card."""
    # Names are escaped where the card is drawn.
    return mark_safe(art.card_svg(name=str(name), detail=str(detail), colour=colour))  # noqa: S308


@register.filter
def grouped(text: str) -> str:
    """Return a mobile number as 138 0013 8000; anything else as it is."""
    if len(text) == 11 and text.isdigit():
        return f"{text[:3]} {text[3:7]} {text[7:]}"
    return text
