"""What the rules ask of a buyer before a basket may be placed, and whether it was done.

Owns the translation of a basket into what compliance looks at. Refuses to know any rule itself.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.business.compliance import phone_codes
from kamao.business.compliance.identity import IdentityStep, Shown, Step, identity_step_for, require
from kamao.business.compliance.limits import Buyer as RuleBuyer
from kamao.business.compliance.limits import Checkout, check_limits, give_back
from kamao.business.compliance.models import CounterUse
from kamao.business.compliance.rules import CartLine as RuleLine
from kamao.business.compliance.suspicion import captcha_due, note_signal
from kamao.business.shops.basket import Basket
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import Shop
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring

PURPOSE = "checkout"


class Proof(msgspec.Struct, frozen=True):
    """What the buyer has shown: the ticked box, a verified phone code's token, a membership, a solved
    CAPTCHA.
    """

    ticked: bool = False
    phone_token: UUID | None = None
    is_member: bool = False
    captcha_solved: bool = False


def rule_lines(basket: Basket) -> tuple[RuleLine, ...]:
    """Return a basket as the rules see it, one line per order."""
    return tuple(
        RuleLine(
            sku=order.ware.sku.code,
            kind=order.ware.sku.kind,
            instrument=order.ware.sku.instrument,
            is_game="game" in order.ware.sku.category.slug,
            quantity=order.quantity,
            amount_minor=order.amount_minor,
            target="|".join(f"{key}={value}" for key, value in sorted(order.target.items())) or None,
            daily_max_per_contact=order.ware.sku.contact_daily_max,
            daily_max_per_target=order.ware.sku.target_daily_max,
        )
        for order in basket.orders
    )


def step_for(shop: Shop, basket: Basket, *, at: datetime) -> IdentityStep:
    """Return what a basket needs before payment, by the rules or by the shop where it asks for more."""
    wanted = str(shop.settings.get("identity", "none"))
    minimum: Step = "phone_code" if wanted == "phone_code" else "member" if wanted == "member" else "none"
    return identity_step_for(rule_lines(basket), currency=basket.currency, at=at, shop_minimum=minimum)


def check_proof(
    needed: IdentityStep, *, proof: Proof, contact: Contact, keyring: Keyring, at: datetime
) -> Step:
    """Spend the buyer's proof in the open transaction and return the step that was shown.

    Raises Refusal ``identity_step_required`` or ``confirmation_required``; a phone code is spent only if the
    purchase is placed, because both are one transaction.
    """
    shown: Step = "member" if proof.is_member else "none"
    if (
        needed.step == "phone_code"
        and shown == "none"
        and proof.phone_token is not None
        and contact.kind == "phone"
    ):
        used = phone_codes.use(
            proof.phone_token, phone=contact.value, purpose=PURPOSE, keyring=keyring, at=at
        )
        shown = "phone_code" if used else "none"
    require(needed, shown=Shown(shown, proof.ticked))
    return shown


def check_suspicion(buyer: RuleBuyer, *, proof: Proof, keyring: Keyring, at: datetime) -> None:
    """Raise Refusal ``captcha_required`` where signals ask for one and none was solved."""
    due = captcha_due(buyer=buyer, keyring=keyring, at=at)
    if due is not None and not proof.captcha_solved:
        raise Refusal("captcha_required", zh=due.zh, en=due.en)


class Share:
    """A purchase's share of the daily caps: taken before goods are locked, kept by the purchase or given
    back.
    """

    def __init__(self, reference: UUID) -> None:
        self._reference = reference

    def keep(self, purchase: UUID) -> None:
        """Put the share under the purchase's id, in the transaction that places it."""
        CounterUse.objects.filter(reference=self._reference).update(reference=purchase)

    def give_back(self) -> None:
        """Return the share: nothing was placed."""
        give_back(self._reference)


def take_share(shop: Shop, *, basket: Basket, buyer: RuleBuyer, keyring: Keyring, at: datetime) -> Share:
    """Take a basket's share of every cap, in a transaction of its own so that a refusal is on record.

    Raises Refusal ``purchase_blocked`` or ``daily_cap_reached``.
    """
    reference = new_uuid7()
    check_limits(
        Checkout(
            reference=reference,
            merchant=shop.organisation_id,
            currency=basket.currency,
            lines=rule_lines(basket),
            buyer=buyer,
        ),
        keyring=keyring,
        at=at,
    )
    return Share(reference)


def note_checkout(buyer: RuleBuyer, *, keyring: Keyring, at: datetime) -> None:
    """Count a placed purchase as a signal; a human buys a few things, a script many."""
    note_signal("checkout", buyer=buyer, keyring=keyring, at=at)
