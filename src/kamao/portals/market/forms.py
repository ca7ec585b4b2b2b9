"""What a buyer types besides the target: contact, query password, code, confirmation. Refuses anything
pre-ticked.
"""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from kamao.business.compliance.identity import IdentityStep
from kamao.business.shops.contacts import Contact, parse_contact
from kamao.kernel.limits import ORDER_QUANTITY_MAX

PASSWORD_MIN: Final = 4
PASSWORD_MAX: Final = 32


class ContactField(forms.CharField):
    """A phone number or e-mail address; its clean value is a ``Contact``."""

    def __init__(self, *, phone_only: bool = False, **options: Any) -> None:
        label = _("Your mobile number") if phone_only else _("Mobile number or e-mail")
        widget = forms.TextInput(
            attrs={
                "autocomplete": "tel" if phone_only else "email",
                "inputmode": "tel" if phone_only else "email",
                "placeholder": "138 0000 0000" if phone_only else _("138 0000 0000 or you@mail.com"),
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        )
        super().__init__(label=options.pop("label", label), widget=widget, max_length=254, **options)
        self._phone_only = phone_only

    def clean(self, value: Any) -> Contact:
        """Return the contact; says what a usable one looks like."""
        text = super().clean(value)
        contact = parse_contact(text)
        if contact is None or (self._phone_only and contact.kind != "phone"):
            raise forms.ValidationError(
                _("Enter a mainland China mobile number of 11 digits.")
                if self._phone_only
                else _("Enter a mobile number of 11 digits or an e-mail address.")
            )
        return contact


def _password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Query password"),
        min_length=PASSWORD_MIN,
        max_length=PASSWORD_MAX,
        help_text=_("You choose it. With it you find this order from any device."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": _("4 to 32 characters"),
            }
        ),
    )


class BuyerForm(forms.Form):
    """Who buys and what the rules ask of him; fields that no rule asks for are not there."""

    contact = ContactField()
    password = _password_field()

    def __init__(self, *args: Any, needed: IdentityStep, captcha: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if needed.step == "phone_code":
            self.fields["contact"] = ContactField(phone_only=True)
            self.fields["phone_code"] = forms.CharField(
                label=_("Phone code"),
                max_length=8,
                required=False,
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "numeric",
                        "autocomplete": "one-time-code",
                        "placeholder": _("6 digits"),
                    }
                ),
            )
        if captcha:
            self.fields["captcha"] = forms.CharField(
                label=_("Characters in the picture"),
                max_length=20,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
            )
        if needed.tick is not None:
            self.fields["no_return"] = forms.BooleanField(
                error_messages={"required": _("Please tick the box to go on.")}, required=True
            )


class QuantityForm(forms.Form):
    """How many; bounds are the SKU's."""

    def __init__(self, *args: Any, low: int, high: int, step: int, ranged: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["quantity"] = forms.IntegerField(
            label=_("Amount to charge") if ranged else _("Quantity"),
            min_value=low,
            max_value=min(high, ORDER_QUANTITY_MAX),
            initial=low,
            widget=forms.NumberInput(attrs={"x-ref": "input", "step": step, "inputmode": "numeric"}),
        )


class NumberForm(forms.Form):
    """One of an order's numbers."""

    number = forms.CharField(
        label=_("Purchase, order or payment number"),
        max_length=80,
        strip=True,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class LookupForm(forms.Form):
    """Contact and query password."""

    contact = ContactField()
    password = _password_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].help_text = ""


class CodeForm(forms.Form):
    """A one-time code."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class WishForm(forms.Form):
    """Whom to tell when something is back."""

    contact = ContactField()
