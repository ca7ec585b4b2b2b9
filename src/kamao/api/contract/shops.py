"""The public shop for mini-programs: goods, a priced cart, a purchase, its payment, looking it up."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from kamao.api.contract.catalogue import SkuKind, StockBand, TopupForm
from kamao.api.contract.common import SLUG, SkuCode
from kamao.api.contract.orders import Quantity, Target

Device = Annotated[
    str, Meta(pattern=r"^[0-9A-Za-z]{32}\Z", description="A random word that your app keeps for this device")
]
Nonce = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z]{16,40}\Z",
        description="Your own word for this purchase; repeating it is harmless",
    ),
]
Contact = Annotated[
    str,
    Meta(
        pattern=r"^(1[3-9][0-9]{9}|[a-z0-9._+-]{1,40}@[a-z0-9-]{1,40}(\.[a-z]{2,12}){1,2})\Z",
        description="Mainland mobile number, or e-mail address",
    ),
]
QueryPassword = Annotated[str, Meta(min_length=4, max_length=40, pattern=r"^[!-~]+\Z")]


class Shop(Struct, frozen=True):
    """A shop as its visitors see it."""

    slug: str
    name: str
    intro: str
    notice: str
    contact: str
    colour: str
    open: bool


class ShopSku(Struct, frozen=True):
    """Something on sale in a shop, at its retail price. The long texts and the form come with a single SKU
    only.
    """

    sku: str
    name: str
    product: str
    brand: str | None
    kind: SkuKind
    price: int
    price_decimal: str
    official_price: int | None
    currency: str
    stock: StockBand
    min_quantity: int
    max_quantity: int
    multiple: int
    promise_s: int
    warranty_days: int
    topup_form: TopupForm | None = None
    notice: str | None = None
    howto: str | None = None


class ShopSkuList(Struct, frozen=True):
    """A page of goods on sale; go on with ``next_cursor``."""

    data: list[ShopSku]
    has_more: bool
    next_cursor: str | None


class CartLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line: a SKU, or a bundle by its address."""

    sku: SkuCode | None = None
    bundle: Annotated[str, Meta(pattern=SLUG)] | None = None
    quantity: Quantity = 1
    target: Target | None = None


class CartRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor wants; nothing is reserved."""

    lines: Annotated[list[CartLine], Meta(min_length=1, max_length=12)]
    device: Device | None = None


class Trouble(Struct, frozen=True):
    """Why a line cannot be bought now."""

    code: str
    text: str


class PricedLine(Struct, frozen=True):
    """One line with its amount."""

    name: str
    quantity: int
    amount: int
    trouble: Trouble | None


class PricedCart(Struct, frozen=True):
    """The cart as of now, and what checkout will ask for: ``none``, ``phone_code`` or ``member``."""

    lines: list[PricedLine]
    amount: int
    currency: str
    buyable: bool
    identity_step: str
    warning: str | None
    tick: str | None
    captcha_needed: bool


class CaptchaAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """A solved challenge."""

    id: Annotated[str, Meta(max_length=40)]
    answer: Annotated[str, Meta(max_length=20)]


class Captcha(Struct, frozen=True):
    """A question that a person answers easily."""

    id: str
    question: str


class PhoneCodeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Send a one-time code to a mobile number for checkout."""

    phone: Annotated[str, Meta(pattern=r"^1[3-9][0-9]{9}\Z")]
    device: Device | None = None


class PhoneCode(Struct, frozen=True):
    """A code is on its way; send the token back with the code."""

    token: str
    expires_at: datetime
    again_after_s: int


class PhoneProof(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that the buyer received."""

    token: Annotated[str, Meta(max_length=40)]
    code: Annotated[str, Meta(pattern=r"^[0-9]{4,8}\Z")]


class PurchaseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Buy a cart as a guest: goods are reserved for 15 minutes and wait for payment."""

    lines: Annotated[list[CartLine], Meta(min_length=1, max_length=12)]
    nonce: Nonce
    contact: Contact
    query_password: QueryPassword
    device: Device | None = None
    ticked: bool = False
    phone_code: PhoneProof | None = None
    captcha: CaptchaAnswer | None = None


class PurchasedItem(Struct, frozen=True):
    """One delivered unit."""

    kind: str
    number: str | None
    secret: str
    expires_at: datetime | None


class PurchasedOrder(Struct, frozen=True):
    """One order of a purchase, as it was promised and as it stands."""

    name: str
    sku: str
    quantity: int
    amount: int
    state: str
    target_masked: str | None
    howto: str | None
    redeem_url: str | None
    items: list[PurchasedItem]


class Purchase(Struct, frozen=True):
    """A purchase. Who holds its number may see it, codes included."""

    number: str
    state: str
    amount: int
    currency: str
    refunded_amount: int
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    orders: list[PurchasedOrder]


class Payment(Struct, frozen=True):
    """Where to send the buyer to pay; ``url`` is also the content of a QR code."""

    number: str
    url: str
    provider: str
    is_test: bool
    expires_at: datetime


class PaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the provider sends the buyer afterwards; left out: the shop's own page."""

    return_url: (
        Annotated[str, Meta(max_length=500, pattern=r"^https://[a-z0-9.-]{1,100}(/[!-~]*)?\Z")] | None
    ) = None


class LookupRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Find purchases by a number (purchase, order or payment), or by contact and password."""

    number: Annotated[str, Meta(min_length=4, max_length=80, pattern=r"^[!-~]+\Z")] | None = None
    contact: Contact | None = None
    query_password: QueryPassword | None = None


class FoundPurchase(Struct, frozen=True):
    """A purchase that was found; ``number`` opens it and is masked where only the contact was known."""

    number: str
    is_masked: bool
    state: str
    amount: int
    currency: str
    created_at: datetime


class FoundPurchases(Struct, frozen=True):
    """What was found, newest first; nothing found and a wrong password look the same."""

    data: list[FoundPurchase]
    has_more: bool
