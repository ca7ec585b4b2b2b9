"""Public JSON of hosted shops, for mini-programs: no key, no cookie, the same operations as the shop's own
pages.

Owns the translation only. Every rule (limits, identity, CAPTCHA, reservation) is the shop's. Refuses to open
a purchase to anybody without its number.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kamao.api.contract import shops as contract
from kamao.api.contract.catalogue import SkuKind
from kamao.api.contract.common import SLUG
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit
from kamao.api.v1.catalogue import topup_form
from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.models import Category
from kamao.business.compliance import captcha, phone_codes
from kamao.business.compliance.keys import subject_key
from kamao.business.compliance.limits import Buyer as RuleBuyer
from kamao.business.compliance.suspicion import captcha_due, note_signal
from kamao.business.payments import intents
from kamao.business.payments.accounts import account_for
from kamao.business.shops import attempts, gate, lookup
from kamao.business.shops.basket import Basket, fill_basket
from kamao.business.shops.cart import CartLine
from kamao.business.shops.checkout import Buyer, Order, place
from kamao.business.shops.contacts import Contact, parse_contact
from kamao.business.shops.delivery import Handed, hand_over
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.business.shops.operations import find_shop
from kamao.business.shops.pages import shop_page
from kamao.business.shops.purchases import (
    PurchaseStatus,
    find_purchase,
    masked_number,
    number_of,
    read_status,
)
from kamao.business.shops.wares import Ware, read_wares
from kamao.kernel import money
from kamao.kernel.errors import Refusal

_PAYABLE = "awaiting_payment"
_PUBLIC: dict[str, Any] = {"refusals": (404, 409, 429)}
_BUY: dict[str, Any] = {"refusals": (403, 404, 409, 429)}


@get("/shops/{slug:str}", opt=_PUBLIC, operation_id="getShop", tags=["shops"])
async def get_shop(request: ApiRequest, slug: FromPath[str]) -> Response[contract.Shop]:
    """Read a shop's name, notice and colours."""

    def read() -> contract.Shop:
        shop = _shop(slug)
        return contract.Shop(
            shop.slug, shop.name, shop.intro, shop.notice, shop.contact, shop.colour, shop.open
        )

    return json_response(encode_json(await request.run(read)))


@get("/shops/{slug:str}/skus", opt=_PUBLIC, operation_id="listShopSkus", tags=["shops"])
async def list_shop_skus(
    request: ApiRequest,
    slug: FromPath[str],
    q: Annotated[str | None, QueryParameter(max_length=100)] = None,
    category: Annotated[str | None, QueryParameter(pattern=SLUG)] = None,
    cursor: Annotated[
        str | None, QueryParameter(max_length=200, description="next_cursor of the page before")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Response[contract.ShopSkuList]:
    """List what is on sale in a shop, the most popular first, or by fit where ``q`` is given."""

    def read() -> contract.ShopSkuList:
        shop = _shop(slug)
        filters = SkuFilter()
        if category is not None:
            row = Category.objects.filter(slug=category).values_list("id", flat=True).first()
            if row is None:
                return contract.ShopSkuList([], has_more=False, next_cursor=None)
            filters = SkuFilter(category_id=row)
        at = request.services.clock.now()
        page = shop_page(shop, at=at, filters=filters, query=q or "", cursor=cursor or "", limit=limit)
        codes = [listing.goods.code for listing in page.listings]
        wares = read_wares(shop, codes, at=at)
        shown = [_sku(request, wares[code]) for code in codes if code in wares]
        return contract.ShopSkuList(shown, bool(page.next_cursor), page.next_cursor or None)

    return json_response(encode_json(await request.run(read)))


@get("/shops/{slug:str}/skus/{sku:str}", opt=_PUBLIC, operation_id="getShopSku", tags=["shops"])
async def get_shop_sku(
    request: ApiRequest, slug: FromPath[str], sku: FromPath[str]
) -> Response[contract.ShopSku]:
    """Read one thing on sale, with its texts and top-up form."""

    def read() -> contract.ShopSku:
        shop = _shop(slug)
        found = {} if "\x00" in sku else read_wares(shop, [sku], at=request.services.clock.now())
        if sku not in found:
            raise missing("sku")
        return _sku(request, found[sku], in_full=True)

    return json_response(encode_json(await request.run(read)))


@post("/shops/{slug:str}/cart", status_code=200, opt=_PUBLIC, operation_id="priceCart", tags=["shops"])
async def price_cart(
    request: ApiRequest, slug: FromPath[str], data: JSONBody[contract.CartRequest]
) -> Response[contract.PricedCart]:
    """Price a cart as of now and tell what checkout will ask for. Nothing is reserved."""

    def read() -> contract.PricedCart:
        shop = _shop(slug)
        at = request.services.clock.now()
        basket = _basket(shop, data.lines, at=at)
        needed = gate.step_for(shop, basket, at=at)
        buyer = RuleBuyer(contact=None, address=_address(request), device=data.device)
        due = captcha_due(buyer=buyer, keyring=request.services.keyring, at=at)
        return contract.PricedCart(
            lines=[_priced(request, line) for line in basket.lines],
            amount=basket.total_minor,
            currency=basket.currency,
            buyable=basket.trouble is None,
            identity_step=needed.step,
            warning=_text(request, needed.warning),
            tick=_text(request, needed.tick),
            captcha_needed=due is not None,
        )

    return json_response(encode_json(await request.run(read)))


@post(
    "/shops/{slug:str}/captchas", status_code=201, opt=_PUBLIC, operation_id="createCaptcha", tags=["shops"]
)
async def create_captcha(request: ApiRequest, slug: FromPath[str]) -> Response[contract.Captcha]:
    """Get a question to answer where checkout asks for a CAPTCHA."""

    def work() -> contract.Captcha:
        shop = _shop(slug)
        at = request.services.clock.now()
        _count(request, attempts.CHECKOUT_BY_ADDRESS, at)
        made = captcha.new(purpose=gate.PURPOSE, keyring=request.services.keyring, at=at, form="words")
        del shop
        return contract.Captcha(
            str(made.id), made.question_zh if request.language == "zh" else made.question_en
        )

    return json_response(encode_json(await request.run(work)), 201)


@post(
    "/shops/{slug:str}/phone-codes",
    status_code=201,
    opt=_PUBLIC,
    operation_id="sendPhoneCode",
    tags=["shops"],
)
async def send_phone_code(
    request: ApiRequest, slug: FromPath[str], data: JSONBody[contract.PhoneCodeRequest]
) -> Response[contract.PhoneCode]:
    """Send a one-time code to the buyer's mobile number."""

    def work() -> contract.PhoneCode:
        shop = _shop(slug)
        buyer = RuleBuyer(contact=data.phone, address=_address(request), device=data.device)
        sent = phone_codes.send(
            data.phone,
            purpose=gate.PURPOSE,
            buyer=buyer,
            merchant=shop.organisation_id,
            keyring=request.services.keyring,
            at=request.services.clock.now(),
            language=request.language,
        )
        return contract.PhoneCode(str(sent.token), sent.expires_at, sent.again_after_s)

    return json_response(encode_json(await request.run(work)), 201)


@post("/shops/{slug:str}/purchases", status_code=201, opt=_BUY, operation_id="createPurchase", tags=["shops"])
async def create_purchase(
    request: ApiRequest, slug: FromPath[str], data: JSONBody[contract.PurchaseRequest]
) -> Response[contract.Purchase]:
    """Reserve a cart for a guest. The same nonce with the same content gives the same purchase."""

    def work() -> contract.Purchase:
        shop = _shop(slug)
        at = request.services.clock.now()
        _count(request, attempts.CHECKOUT_BY_ADDRESS, at)
        contact = _contact(data.contact)
        buyer = Buyer(
            contact=contact,
            password=data.query_password,
            language="zh-hans" if request.language == "zh" else "en",
            address=_address(request),
            device=data.device,
        )
        order = Order(
            basket=_basket(shop, data.lines, at=at),
            buyer=buyer,
            nonce=data.nonce,
            proof=_proof(request, data, buyer, at),
        )
        purchase = place(shop, order=order, at=at)
        return _purchase_of(request, purchase, read_status(purchase), [])

    return json_response(encode_json(await request.run(work)), 201)


@get("/shops/{slug:str}/purchases/{number:str}", opt=_PUBLIC, operation_id="getPurchase", tags=["shops"])
async def get_purchase(
    request: ApiRequest, slug: FromPath[str], number: FromPath[str]
) -> Response[contract.Purchase]:
    """Read a purchase by its number; once it is paid, with its codes, and that they were shown is
    recorded.
    """

    def work() -> contract.Purchase:
        at = request.services.clock.now()
        _, purchase = _own(request, slug, number, at)
        status = read_status(purchase)
        if status.state == _PAYABLE and intents.recheck(purchase.id, at=at):
            status = read_status(purchase)
        handed: Sequence[Handed] = []
        if status.purchase.state == "paid":
            handed = hand_over(purchase, actor="buyer:number", reason="shop_api", at=at)
        return _purchase_of(request, purchase, status, handed)

    return json_response(encode_json(await request.run(work)))


@post(
    "/shops/{slug:str}/purchases/{number:str}/payment",
    status_code=200, opt=_BUY, operation_id="payPurchase", tags=["shops"],
)  # fmt: skip
async def pay_purchase(
    request: ApiRequest,
    slug: FromPath[str],
    number: FromPath[str],
    data: JSONBody[contract.PaymentRequest | None] = None,
) -> Response[contract.Payment]:
    """Open the payment of a purchase, or find it again; the answer says where to send the buyer."""

    def work() -> contract.Payment:
        at = request.services.clock.now()
        shop, purchase = _own(request, slug, number, at)
        status = read_status(purchase)
        if status.state != _PAYABLE:
            raise Refusal("state_conflict")
        account = account_for(shop.organisation_id, cell=purchase.cell, currency=purchase.currency)
        base = str(settings.KAMAO_BASE_URL).rstrip("/")
        back = data.return_url if data is not None else None
        page = intents.begin_payment(
            intents.PurchaseToPay(
                id=purchase.id,
                merchant=shop.organisation_id,
                cell=purchase.cell,
                amount_minor=purchase.amount_minor,
                currency=purchase.currency,
                expires_at=purchase.expires_at,
                subject=f"{shop.name} {status.orders[0].line.name_zh}"[:120],
            ),
            account=account,
            at=at,
            notify_url=base + reverse("payments:notify", args=[account.id]),
            return_url=back or f"{base}/s/{shop.slug}/",
        )
        return contract.Payment(page.number, page.url, page.provider_name, page.is_test, page.expires_at)

    return json_response(encode_json(await request.run(work)))


@post(
    "/shops/{slug:str}/lookup", status_code=200, opt=_PUBLIC, operation_id="lookUpPurchases", tags=["shops"]
)
async def look_up(
    request: ApiRequest, slug: FromPath[str], data: JSONBody[contract.LookupRequest]
) -> Response[contract.FoundPurchases]:
    """Find purchases again. Attempts are limited; nothing found and a wrong password look the same."""

    def work() -> contract.FoundPurchases:
        shop = _shop(slug)
        at = request.services.clock.now()
        key = _address_key(request)
        found: list[ShopPurchase] = []
        by_number = data.number is not None
        if data.number is not None:
            one = lookup.by_number(shop, data.number, address_key=key, at=at)
            found = [] if one is None else [one]
        elif data.contact is not None and data.query_password is not None:
            found = lookup.by_contact(
                shop, contact=_contact(data.contact), password=data.query_password, address_key=key, at=at
            )
        if not found:
            buyer = RuleBuyer(contact=data.contact, address=_address(request), device=None)
            note_signal("failure", buyer=buyer, keyring=request.services.keyring, at=at)
        return contract.FoundPurchases(
            [_found(each, is_masked=not by_number) for each in found], has_more=False
        )

    return json_response(encode_json(await request.run(work)))


def _shop(slug: str) -> Shop:
    if "\x00" in slug:
        raise Refusal("shop_not_found")
    return find_shop(slug)


def _own(request: ApiRequest, slug: str, number: str, at: datetime) -> tuple[Shop, ShopPurchase]:
    """Return a purchase of a shop; a wrong number counts against the address."""
    shop = _shop(slug)
    purchase = find_purchase(shop, number)
    if purchase is None:
        _count(request, attempts.LOOKUP_BY_ADDRESS, at)
        raise missing("purchase")
    return shop, purchase


def _address(request: ApiRequest) -> str:
    return request.peer_ip or "127.0.0.1"


def _address_key(request: ApiRequest) -> bytes:
    return subject_key(request.services.keyring, kind="address", text=_address(request))


def _count(request: ApiRequest, limit: attempts.Limit, at: datetime) -> None:
    attempts.check_attempt(_address_key(request), limit=limit, at=at)


def _contact(text: str) -> Contact:
    contact = parse_contact(text)
    if contact is None:
        raise Refusal(
            "contact_invalid", pointers=(("/contact", "请填写手机号或邮箱", "A mobile number or an e-mail"),)
        )
    return contact


def _basket(shop: Shop, lines: Sequence[contract.CartLine], *, at: datetime) -> Basket:
    wanted = []
    for index, line in enumerate(lines):
        if (line.sku is None) == (line.bundle is None):
            raise Refusal(
                "state_conflict", zh=f"第 {index + 1} 行须在 sku 与 bundle 中选一个。",
                en=f"Line {index + 1} names either a sku or a bundle.",
            )  # fmt: skip
        wanted.append(
            CartLine(
                key=str(index), sku=line.sku or "", bundle=line.bundle or "", quantity=line.quantity,
                target=line.target or {},
            )
        )  # fmt: skip
    return fill_basket(shop, wanted, at=at)


def _proof(request: ApiRequest, data: contract.PurchaseRequest, buyer: Buyer, at: datetime) -> gate.Proof:
    keyring = request.services.keyring
    token = None
    if data.phone_code is not None:
        token = _uuid(data.phone_code.token)
        if token is None:
            raise Refusal("phone_code_wrong")
        phone_codes.verify(token, code=data.phone_code.code, buyer=buyer.for_rules, keyring=keyring, at=at)
    solved = False
    if data.captcha is not None:
        challenge = _uuid(data.captcha.id)
        solved = challenge is not None and captcha.verify(
            challenge, answer=data.captcha.answer, purpose=gate.PURPOSE, keyring=keyring, at=at
        )
    return gate.Proof(ticked=data.ticked, phone_token=token, captcha_solved=solved)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _text(request: ApiRequest, decision: Any) -> str | None:
    if decision is None:
        return None
    text: str = decision.zh if request.language == "zh" else decision.en
    return text


def _priced(request: ApiRequest, line: Any) -> contract.PricedLine:
    chinese = request.language == "zh"
    trouble = None
    if line.trouble is not None:
        trouble = contract.Trouble(line.trouble.code, line.trouble.zh if chinese else line.trouble.en)
    return contract.PricedLine(
        line.title_zh if chinese else line.title_en, line.quantity, line.amount_minor, trouble
    )


def _sku(request: ApiRequest, ware: Ware, *, in_full: bool = False) -> contract.ShopSku:
    chinese = request.language == "zh"
    row = ware.sku
    product = row.product
    kind: SkuKind = row.kind  # type: ignore[assignment]
    official = row.official_price_e4
    return contract.ShopSku(
        sku=row.code,
        name=ware.title_zh if chinese else ware.title_en,
        product=(product.name_zh or product.name_en) if chinese else (product.name_en or product.name_zh),
        brand=(ware.brand_zh if chinese else ware.brand_en) or None,
        kind=kind,
        price=money.e4_to_minor(ware.unit_price_e4, row.currency),
        price_decimal=money.minor_decimal(ware.unit_price_e4, row.currency),
        official_price=None if official is None else money.e4_to_minor(official, row.currency),
        currency=row.currency,
        stock="none" if not ware.in_stock else ware.band,  # type: ignore[arg-type]
        min_quantity=row.min_quantity,
        max_quantity=row.max_quantity,
        multiple=row.multiple,
        promise_s=row.promise_s,
        warranty_days=row.warranty_days,
        topup_form=topup_form(row.topup_form, request) if in_full and row.topup_form is not None else None,
        notice=((row.notice_zh or row.notice_en) if chinese else (row.notice_en or row.notice_zh))
        if in_full
        else None,
        howto=((row.howto_zh or row.howto_en) if chinese else (row.howto_en or row.howto_zh))
        if in_full
        else None,
    )


def _purchase_of(
    request: ApiRequest, purchase: ShopPurchase, status: PurchaseStatus, handed: Sequence[Handed]
) -> contract.Purchase:
    chinese = request.language == "zh"
    items = {one.line.order: one.items for one in handed}
    orders = []
    for order in status.orders:
        line = order.line
        orders.append(
            contract.PurchasedOrder(
                name=line.name_zh if chinese else line.name_en,
                sku=line.sku,
                quantity=line.quantity,
                amount=line.amount_minor,
                state=order.view.state,
                target_masked=line.target_masked or None,
                howto=(line.howto_zh if chinese else line.howto_en) or None,
                redeem_url=line.redeem_url or None,
                items=[
                    contract.PurchasedItem(item.kind, item.number or None, item.secret, item.expires_at)
                    for item in items.get(line.order, ())
                ],
            )
        )
    return contract.Purchase(
        number=number_of(purchase),
        state=status.state,
        amount=purchase.amount_minor,
        currency=purchase.currency,
        refunded_amount=status.refunded_minor,
        created_at=purchase.created_at,
        expires_at=purchase.expires_at,
        paid_at=status.purchase.paid_at,
        orders=orders,
    )


def _found(purchase: ShopPurchase, *, is_masked: bool) -> contract.FoundPurchase:
    return contract.FoundPurchase(
        masked_number(purchase) if is_masked else number_of(purchase),
        is_masked,
        read_status(purchase).state,
        purchase.amount_minor,
        purchase.currency,
        purchase.created_at,
    )
