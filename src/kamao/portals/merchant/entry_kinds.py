"""Words for the kinds of postings that a wallet's statement shows."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

_WORDS: Final = {
    "topup": _("Top-up"),
    "wallet_topup": _("Top-up"),
    "opening": _("Opening balance"),
    "order": _("Order"),
    "capture": _("Order"),
    "refund": _("Refund"),
    "refund_paid": _("Refund"),
    "withdrawal": _("Withdrawal"),
    "correction": _("Correction"),
    "payout": _("Payout"),
}


def word_of(kind: str) -> str:
    """Return the word for a kind; an unknown kind shows its own name, so that no entry hides."""
    return str(_WORDS.get(kind, kind.replace("_", " ")))
