"""States as a tone and a word: the one place where a state's colour and name are chosen."""

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class StateLook(NamedTuple):
    """Tone (jade, azure, amber, crimson or empty), word, and whether it is still moving."""

    tone: str
    word: str | Promise
    live: bool = False


def _(word: str) -> Promise:
    """Return a state's name, translated as a state: the same English word may be a verb on another page."""
    return pgettext_lazy("state", word)


LOOKS: Final[dict[str, StateLook]] = {
    "awaiting_payment": StateLook("amber", _("Awaiting payment"), live=True),
    "awaiting_funds": StateLook("amber", _("Awaiting funds"), live=True),
    "closing": StateLook("amber", _("Confirming payment"), live=True),
    "paid": StateLook("azure", _("Paid"), live=True),
    "fulfilling": StateLook("azure", _("Being fulfilled"), live=True),
    "in_doubt": StateLook("amber", _("In doubt"), live=True),
    "cancelling": StateLook("amber", _("Being withdrawn"), live=True),
    "delivered": StateLook("jade", _("Delivered")),
    "settled": StateLook("jade", _("Settled")),
    "disputed": StateLook("crimson", _("Disputed")),
    "refunding": StateLook("amber", _("Being refunded"), live=True),
    "refunded": StateLook("", _("Refunded")),
    "failed": StateLook("crimson", _("Failed")),
    "cancelled": StateLook("", _("Cancelled")),
    "expired": StateLook("", _("Expired")),
    "active": StateLook("jade", _("Active")),
    "on_sale": StateLook("jade", _("On sale")),
    "hidden": StateLook("", _("Hidden")),
    "sold_out": StateLook("amber", _("Sold out")),
    "suspended": StateLook("crimson", _("Suspended")),
    "revoked": StateLook("", _("Revoked")),
    "pending": StateLook("amber", _("Pending")),
    "queued": StateLook("azure", _("Queued"), live=True),
    "running": StateLook("azure", _("Running"), live=True),
    "done": StateLook("jade", _("Done")),
    "succeeded": StateLook("jade", _("Succeeded")),
    "refused": StateLook("crimson", _("Refused")),
    "due": StateLook("amber", _("Due")),
    "sent": StateLook("azure", _("Sent")),
    "unfunded": StateLook("crimson", _("Unfunded")),
    "planned": StateLook("", _("Planned")),
    "dropped": StateLook("", _("Dropped")),
    "open": StateLook("amber", _("Open")),
    "closed": StateLook("", _("Closed")),
    "ok": StateLook("jade", _("In order")),
    "down": StateLook("crimson", _("Down")),
}


def look_of(state: str) -> StateLook:
    """Return the look of a state; an unknown one shows its own name without a tone."""
    return LOOKS.get(state) or StateLook("", state.replace("_", " "))
