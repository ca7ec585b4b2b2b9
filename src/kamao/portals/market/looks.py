"""How a shop and its goods look: the accent nearest to a shop's colour, words for promises. Pure."""

import colorsys
import re
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_HUES: Final = (
    ("rose", 345),
    ("tangerine", 22),
    ("gold", 43),
    ("jade", 160),
    ("azure", 218),
    ("plum", 275),
    ("rose", 330),
)
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")

PROMISES: Final[dict[int, str | Promise]] = {
    0: _("Delivered at once"),
    600: _("Within 10 minutes"),
    86_400: _("Within 24 hours"),
    259_200: _("Within 72 hours"),
}


def accent_of(colour: str) -> str:
    """Return the name of the accent nearest to a colour; accents are the ones whose contrast is known."""
    if not _HEX.fullmatch(colour):
        return "tangerine"
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    hue, _light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < 0.15:
        return "slate"
    degrees = hue * 360
    return min(_HUES, key=lambda entry: min(abs(degrees - entry[1]), 360 - abs(degrees - entry[1])))[0]


def promise_text(promise_s: int) -> str:
    """Return a promise class in words."""
    return str(PROMISES.get(promise_s, PROMISES[259_200]))


class Hero(NamedTuple):
    """The head of an order's page: tone, icon, title, what comes next."""

    tone: str
    icon: str
    title: str | Promise
    hint: str | Promise


_WORKING: Final = Hero(
    "azure",
    "truck",
    _("On its way"),
    _("This page looks again by itself; you may close it, the order goes on."),
)
_HEROES: Final[dict[str, Hero]] = {
    "awaiting_payment": Hero(
        "amber", "clock", _("Waiting for payment"), _("The goods are kept for you until the time is up.")
    ),
    "closing": Hero(
        "amber",
        "clock",
        _("Checking the payment"),
        _("If you have paid, goods or money reach you by themselves."),
    ),
    "paid": _WORKING,
    "fulfilling": _WORKING,
    "cancelling": _WORKING,
    "awaiting_funds": Hero(
        "amber",
        "clock",
        _("Waiting for the shop"),
        _("Paid. The shop has to restock its balance; the order then goes on by itself."),
    ),
    "in_doubt": Hero(
        "amber",
        "doubt",
        _("Being checked with the supplier"),
        _("The answer is late. Nothing is charged twice; goods or money reach you by themselves."),
    ),
    "delivered": Hero(
        "jade", "check", _("Here it is"), _("Copy the code and redeem it. Keep it to yourself.")
    ),
    "refunded": Hero("", "undo", _("Refunded"), _("The money goes back to where it came from.")),
    "failed": Hero(
        "crimson", "undo", _("Not delivered"), _("The money goes back to where it came from, by itself.")
    ),
    "cancelled": Hero(
        "", "close", _("Cancelled"), _("Nothing was charged. Money that still arrives goes back by itself.")
    ),
    "expired": Hero(
        "",
        "clock",
        _("The time to pay is over"),
        _("Nothing was charged. Money that still arrives goes back by itself."),
    ),
}


def hero_of(state: str, *, refunded: bool, has_codes: bool) -> Hero:
    """Return the head of an order's page in a state."""
    if state == "delivered" and not has_codes:
        return _HEROES[state]._replace(hint=_("It has arrived. Thank you for buying here."))
    if state == "cancelled" and refunded:
        return _HEROES["refunded"]
    return _HEROES.get(state, _WORKING)
