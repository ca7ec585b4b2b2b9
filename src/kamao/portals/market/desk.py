"""One checkout form: what the rules ask, what was typed, what came of it. Product page, bundle and cart share
it.
"""

import secrets
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language

from kamao.business.catalog.models import in_language
from kamao.business.compliance import captcha, phone_codes, sms
from kamao.business.compliance.identity import IdentityStep
from kamao.business.compliance.limits import Buyer as RuleBuyer
from kamao.business.compliance.suspicion import captcha_due
from kamao.business.keyring import node_keyring
from kamao.business.shops import attempts, gate
from kamao.business.shops.basket import Basket
from kamao.business.shops.checkout import Buyer, Order, place
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import ShopPurchase
from kamao.kernel.errors import Refusal
from kamao.portals.kit.refusals import language
from kamao.portals.market.forms import BuyerForm
from kamao.portals.market.visits import Visit

_NONCE_MAX: Final = 40


def form_nonce(request: HttpRequest) -> str:
    """Return the form's own word: sent again with the same content it means the same purchase."""
    sent = request.POST.get("nonce", "")
    return sent if sent.isalnum() and 16 <= len(sent) <= _NONCE_MAX else secrets.token_hex(12)


def sandbox_text(token: UUID | None) -> str:
    """Return what the sandbox "sent" for a code, so that a demo can be tried; empty with a real sender."""
    shown = sms.sandbox_message(token, keyring=node_keyring()) if token is not None else None
    return shown.text if shown is not None else ""


class Desk:
    """A checkout form over one basket."""

    def __init__(self, visit: Visit, basket: Basket) -> None:
        self.visit = visit
        self.basket = basket
        self.needed: IdentityStep = gate.step_for(visit.shop, basket, at=visit.at)
        self.refused = ""
        self.sent: UUID | None = None
        self.status = 200
        self._captcha = self._captcha_due()
        posted = (
            visit.request.POST if visit.request.method == "POST" and "contact" in visit.request.POST else None
        )
        self.form = BuyerForm(posted, needed=self.needed, captcha=self._captcha)

    def _captcha_due(self) -> bool:
        buyer = RuleBuyer(contact=None, address=self.visit.address, device=self.visit.device)
        return captcha_due(buyer=buyer, keyring=node_keyring(), at=self.visit.at) is not None

    def context(self) -> dict[str, Any]:
        """What ``buyer_fields.html`` shows."""
        warning, tick = self.needed.warning, self.needed.tick
        challenge = None
        if self._captcha:
            challenge = captcha.new(purpose=gate.PURPOSE, keyring=node_keyring(), at=self.visit.at)
        why = self.needed.why[0] if self.needed.why else None
        return {
            "form": self.form,
            "refused": self.refused,
            "nonce": form_nonce(self.visit.request),
            "identity_step": self.needed.step,
            "identity_why": in_language(why.zh, why.en) if why else "",
            "code_sent": self.sent is not None or self.visit.code_token() is not None,
            "sandbox_sms": sandbox_text(self.sent or self.visit.code_token()),
            "warning": in_language(warning.zh, warning.en) if warning else "",
            "tick": in_language(tick.zh, tick.en) if tick else "",
            "captcha_id": str(challenge.id) if challenge else "",
        }

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal on the page that was sent; what was typed stays."""
        self.refused = refusal.message(language())
        self.status = refusal.status
        if refusal.code == "captcha_required" and not self._captcha:
            self._captcha = True
            self.form = BuyerForm(self.visit.request.POST, needed=self.needed, captcha=True)

    def send_code(self) -> UUID | None:
        """Send a phone code to the typed number; None where that was refused, with the reason on the page."""
        visit = self.visit
        try:
            contact: Contact = self.form.fields["contact"].clean(visit.request.POST.get("contact", ""))
            buyer = RuleBuyer(contact=contact.value, address=visit.address, device=visit.device)
            sent = phone_codes.send(
                contact.value,
                purpose=gate.PURPOSE,
                buyer=buyer,
                merchant=visit.shop.organisation_id,
                keyring=node_keyring(),
                at=visit.at,
                language=language(),
            )
        except Refusal as refusal:
            self.refuse(refusal)
            return None
        except ValidationError as error:
            self.refused, self.status = " ".join(error.messages), 422
            return None
        # The fields not filled in yet are no mistake at this step.
        self.form = BuyerForm(initial=visit.request.POST.dict(), needed=self.needed, captcha=self._captcha)
        self.sent = sent.token
        return sent.token

    def buy(self) -> ShopPurchase | None:
        """Place the basket; None where that was refused, with the reason on the page."""
        visit = self.visit
        if not self.form.is_valid():
            self.status = 422
            return None
        try:
            attempts.check_attempt(visit.address_key, limit=attempts.CHECKOUT_BY_ADDRESS, at=visit.at)
            buyer = Buyer(
                contact=self.form.cleaned_data["contact"],
                password=self.form.cleaned_data["password"],
                language=get_language() or "zh-hans",
                address=visit.address,
                device=visit.device,
            )
            order = Order(
                basket=self.basket, buyer=buyer, nonce=form_nonce(visit.request), proof=self._proof(buyer)
            )
            return place(visit.shop, order=order, at=visit.at)
        except Refusal as refusal:
            self.refuse(refusal)
            return None

    def _proof(self, buyer: Buyer) -> gate.Proof:
        visit = self.visit
        token = visit.code_token()
        code = str(self.form.cleaned_data.get("phone_code") or "")
        if token is not None and code:
            phone_codes.verify(token, code=code, buyer=buyer.for_rules, keyring=node_keyring(), at=visit.at)
        return gate.Proof(
            ticked=bool(self.form.cleaned_data.get("no_return")),
            phone_token=token,
            is_member=visit.request.user.is_authenticated,
            captcha_solved=self._captcha_solved(),
        )

    def _captcha_solved(self) -> bool:
        posted = self.visit.request.POST
        try:
            challenge = UUID(posted.get("captcha_id", ""))
        except ValueError:
            return False
        answer = posted.get("captcha", "")
        return bool(answer) and captcha.verify(
            challenge, answer=answer, purpose=gate.PURPOSE, keyring=node_keyring(), at=self.visit.at
        )
