"""The pure parts of buying: splitting bundles, carts, contacts, masks, files, cards."""

from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from uuid import UUID

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamao.business.shops import cart as carts
from kamao.business.shops import contacts, delivery, lookup, posters, snapshots
from kamao.business.shops.cart import Cart
from kamao.business.shops.splitting import Part, split_total
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring
from kamao.portals.market import art, looks
from kamao.portals.market.templatetags.market import grouped


def test_a_bundle_pays_costs_first_and_shares_the_rest_by_list_price() -> None:
    parts = [Part(cost_minor=1_000, list_minor=1_500), Part(cost_minor=400, list_minor=500)]
    assert split_total(1_800, parts) == [1_300, 500]
    assert split_total(1_400, parts) == [1_000, 400]
    assert split_total(1_401, parts) == [1_001, 400]


def test_a_bundle_below_cost_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        split_total(1_399, [Part(1_000, 1_500), Part(400, 500)])
    assert refused.value.code == "bundle_below_cost"


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=8),
    st.integers(0, 10**7),
)
def test_shares_add_up_exactly_and_cover_every_cost(parts: list[tuple[int, int]], rest: int) -> None:
    total = sum(cost for cost, _ in parts) + rest
    shares = split_total(total, [Part(*part) for part in parts])
    assert sum(shares) == total
    assert all(share >= cost for share, (cost, _) in zip(shares, parts, strict=True))


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("13800138000", "phone", "13800138000"),
        (" +86 138-0013-8000 ", "phone", "13800138000"),
        ("１３８００１３８０００", "phone", "13800138000"),
        ("Cat@Example.COM", "email", "cat@example.com"),
    ],
)
def test_contacts_are_cleaned(typed: str, kind: str, value: str) -> None:
    assert contacts.parse_contact(typed) == contacts.Contact(kind, value)


@pytest.mark.parametrize("typed", ["", "12800138000", "1380013800", "a@b", "cat", "<x>@y.z", "1" * 300])
def test_what_is_no_contact_is_none(typed: str) -> None:
    assert contacts.parse_contact(typed) is None


def test_contacts_are_masked_keyed_and_sealed() -> None:
    keyring, place = Keyring.generate(), new_uuid7()
    phone, mail = contacts.Contact("phone", "13800138000"), contacts.Contact("email", "a-b@x.cn")
    assert (phone.masked, mail.masked) == ("138****8000", "a***@x.cn")
    assert contacts.contact_key(keyring, mail) != contacts.contact_key(
        keyring, contacts.Contact("email", "ab@x.cn")
    )
    sealed = contacts.seal_contact(keyring, place, phone)
    assert b"13800138000" not in sealed
    assert contacts.open_contact(keyring, place, sealed) == phone
    first = contacts.password_key(keyring, phone, "Ab-1")
    assert first != contacts.password_key(keyring, phone, "ab1"), "case and dashes are part of a password"
    assert first != contacts.password_key(keyring, mail, "Ab-1")


def test_the_same_thing_adds_up_in_a_cart_and_another_target_does_not() -> None:
    cart = carts.put(Cart(), sku="month", quantity=2)
    cart = carts.put(cart, sku="month", quantity=1)
    cart = carts.put(cart, sku="credit", target={"phone": "13800138000"})
    cart = carts.put(cart, sku="credit", target={"phone": "13900139000"})
    assert [(line.sku, line.quantity) for line in cart.lines] == [("month", 3), ("credit", 1), ("credit", 1)]
    cart = carts.change(cart, cart.lines[0].key, quantity=0)
    assert cart.count == 2


def test_a_cart_cookie_that_was_touched_is_empty() -> None:
    text = carts.write_cart(carts.put(Cart(), sku="month"), slug="a")
    assert carts.read_cart(text, slug="a").lines[0].sku == "month"
    assert carts.read_cart(text, slug="b") == carts.EMPTY
    assert carts.read_cart(text[:-2] + "xx", slug="a") == carts.EMPTY
    assert carts.read_cart("x", slug="a") == carts.EMPTY


def test_a_cart_stays_small() -> None:
    cart = Cart()
    for number in range(40):
        cart = carts.put(cart, sku=f"sku-{number}")
    assert cart.count == carts.LINES_MAX


def test_a_device_remembers_its_newest_purchases_only() -> None:
    ids = [new_uuid7() for _ in range(40)]
    assert lookup.read_device(lookup.write_device(ids)) == ids[: lookup.DEVICE_KEPT_MAX]
    assert lookup.read_device("forged") == []
    assert lookup.read_device(None) == []


@pytest.mark.parametrize(
    ("value", "masked"), [("13800138000", "138****8000"), ("1234", "****"), ("abcdefgh", "ab****gh")]
)
def test_targets_are_masked(value: str, masked: str) -> None:
    assert snapshots.mask_target(value) == masked


def _handed(*codes: tuple[str, str]) -> list[delivery.Handed]:
    line = SimpleNamespace(name="月卡", detail="月卡")
    until = datetime(2027, 11, 30, tzinfo=UTC)
    items = tuple(
        delivery.Item(UUID(int=i), "code", number, secret, until) for i, (number, secret) in enumerate(codes)
    )
    return [delivery.Handed(line, None, items)]


def test_a_sheet_keeps_long_numbers_and_formulas_as_text() -> None:
    handed = _handed(("90000000123456789012", "=1+1"), ("", "0012"))
    book = openpyxl.load_workbook(BytesIO(delivery.as_sheet(handed, headings=["P", "V", "N", "C", "U"])))
    rows = [[(cell.value, cell.data_type) for cell in row[2:4]] for row in book.active.iter_rows(min_row=2)]
    assert rows[0] == [("90000000123456789012", "s"), ("=1+1", "s")]
    assert rows[1][1] == ("0012", "s")
    assert all(cell.number_format == "@" for cell in book.active[2])


def test_codes_as_text() -> None:
    handed = _handed(("9001", "AAA"), ("", "BBB"))
    assert delivery.bare_codes(handed) == "9001 AAA\nBBB"
    assert delivery.as_text(handed) == "月卡 × 2\n9001  AAA\nBBB"


def test_posters_escape_their_texts_and_carry_the_code() -> None:
    link = "https://shop.test/s/a/"
    svg = posters.poster_svg(link=link, title="<猫>", subtitle="&", footer="扫码")
    assert "&lt;猫&gt;" in svg
    assert "<猫>" not in svg
    png = posters.poster_png(link=link, title="<猫>", subtitle="&", footer="扫码", scale=1)
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("colour", "ink"), [("#f2c200", art.INK), ("#1e2330", art.WHITE), ("nonsense", art.WHITE)]
)
def test_a_card_is_readable_on_any_colour(colour: str, ink: str) -> None:
    assert art.text_colour(colour) == ink
    drawn = art.card_svg(name="<b>腾讯</b>", detail="月卡", colour=colour)
    assert "<b>" not in drawn
    assert "style=" not in drawn


def test_a_brand_without_a_colour_always_gets_the_same() -> None:
    assert art.colour_for("腾讯视频", "#4f6d8f") == art.colour_for("腾讯视频", "")
    assert art.colour_for("腾讯视频", "#ff0000") == "#ff0000"


@pytest.mark.parametrize(
    ("colour", "accent"),
    [
        ("#f26b1d", "tangerine"),
        ("#0e9f6e", "jade"),
        ("#2f6fed", "azure"),
        ("#808080", "slate"),
        ("red", "tangerine"),
    ],
)
def test_a_shops_colour_becomes_the_nearest_accent(colour: str, accent: str) -> None:
    assert looks.accent_of(colour) == accent


def test_numbers_are_read_in_groups() -> None:
    assert grouped("13800138000") == "138 0013 8000"
    assert grouped("cat@x.cn") == "cat@x.cn"
