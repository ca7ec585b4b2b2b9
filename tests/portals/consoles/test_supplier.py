"""The supplier's pages: offers, lots and recall, fulfilments by hand, settlements."""

import pytest
from django.urls import reverse

from kamao.business.catalog.models import Category, Product, Sku
from kamao.business.identity.models import AuditEntry
from kamao.business.supply.models import SupplierOffer
from kamao.business.supply.offers import OfferDraft, put_supplier_offers
from kamao.engine.pricing.operations import put_skus
from kamao.engine.pricing.types import SkuUpsert
from kamao.engine.trade.fulfilment import open_fulfilments
from kamao.kernel.ids import encode
from tests.portals.consoles.conftest import TARGET


@pytest.fixture
def offer(trade):
    """One offer that the supplier sent by itself."""
    category = Category.objects.create(slug="video", name_zh="影视", path=[])
    product = Product.objects.create(slug="tv", name_zh="腾讯视频", category=category)
    sku = Sku.objects.create(
        code="tv-month", product=product, category=category, variant_zh="月卡", kind="code"
    )
    with trade.cell() as connection:
        put_skus(connection, [SkuUpsert(id=sku.id, code=sku.code, kind="code")], at=trade.at)
    draft = OfferDraft(sku=sku.id, item="=A-7", title="腾讯视频 月卡", unit_price_e4=123_400)
    outcome = put_supplier_offers(trade.supplier.id, [draft], at=trade.at)[0]
    assert outcome.code == "done"
    return SupplierOffer.objects.get(pk=outcome.offer)


def test_offers_are_listed_searched_paused_and_resumed(trade, offer):
    admin = trade.sign_in("admin", trade.supplier)
    url = reverse("supplier:offers")
    for query, expected in (("=A-7", True), ("腾讯", True), ("tv-month", True), ("nothing", False)):
        assert (str(offer.id) in admin.get(url, {"q": query}).content.decode()) is expected
    assert '12<span class="money-minor">.34</span>' in admin.get(url).content.decode()
    switch = reverse("supplier:offer_switch", args=[offer.id])
    for wanted, status in (("0", "paused"), ("1", "active")):
        admin.post(switch, {"on_sale": wanted})
        offer.refresh_from_db()
        assert (offer.status, offer.unit_price_e4) == (status, 123_400)
        with trade.cell() as connection:
            found = connection.execute(
                "SELECT status FROM pricing_offer WHERE id = %s", (offer.id,)
            ).fetchone()
        assert found == (status,)


def test_offers_of_others_are_404(trade, offer):
    from_outside = trade.sign_in("admin", trade.merchant)
    assert from_outside.get(reverse("supplier:offers")).status_code == 404
    rival = trade.rival()
    stranger = trade.sign_in("admin", rival)
    assert (
        stranger.post(reverse("supplier:offer_switch", args=[offer.id]), {"on_sale": "0"}).status_code == 404
    )
    assert str(offer.id) not in stranger.get(reverse("supplier:offers")).content.decode()
    lot = encode("lot", trade.lot)
    assert stranger.post(reverse("supplier:lot_recall", args=[lot])).status_code == 404
    offer.refresh_from_db()
    assert offer.status == "active"
    assert free_codes(trade) == 20


def test_an_export_of_offers_holds_text(trade, offer):
    answer = trade.sign_in("admin", trade.supplier).get(reverse("supplier:offers"), {"format": "csv"})
    line = answer.content.decode("utf-8-sig").splitlines()[1]
    assert line.startswith("'=A-7,腾讯视频 月卡,tv-month,12.3400,CNY,")


def free_codes(trade):
    with trade.cell() as connection:
        return connection.execute("SELECT count(*) FROM stock_code WHERE state = 'free'").fetchone()[0]


def test_a_recall_takes_what_is_unsold_and_is_audited(trade):
    trade.order(quantity=3)
    admin = trade.sign_in("admin", trade.supplier)
    lot = encode("lot", trade.lot)
    page = admin.get(reverse("supplier:lots")).content.decode()
    assert reverse("supplier:lot_recall", args=[lot]) in page
    assert "SECRET" not in page
    admin.post(reverse("supplier:lot_recall", args=[lot]))
    assert free_codes(trade) == 0
    assert AuditEntry.objects.get(act="lot.recall").details == {"taken": 17}
    assert admin.post(reverse("supplier:lot_recall", args=["lot_nonsense"])).status_code == 404
    unproved = trade.sign_in("admin", trade.supplier, proved=False)
    assert (
        unproved.post(reverse("supplier:lot_recall", args=[lot]))
        .headers["Location"]
        .startswith("/accounts/step-up/")
    )


def waiting(trade):
    with trade.cell() as connection:
        return [encode("ful", view.id) for view in open_fulfilments(connection, trade.supplier.id, limit=10)]


def test_a_fulfilment_shows_its_account_and_takes_one_answer(trade):
    order = trade.order(by_hand=True)
    [number] = waiting(trade)
    worker = trade.sign_in("operations", trade.supplier)
    assert TARGET in worker.get(reverse("supplier:fulfilments")).content.decode()
    url = reverse("supplier:fulfilment_answer", args=[number])
    too_many = worker.post(url, {"receipts": "a\nb\nc"}, follow=True)
    assert "凭证行数超过订购数量" in too_many.content.decode()
    worker.post(url, {"receipts": "R-1\n\nR-2\n"})
    assert waiting(trade) == []
    state = trade.sign_in("admin").get(reverse("merchant:order", args=[order])).content.decode()
    assert "2 / 2" in state
    again = worker.post(url, {"fail": "1", "reason": "changed my mind"}, follow=True)
    assert "不能更改" in again.content.decode()
    assert trade.balance() == 100_000 - 2_900
    assert AuditEntry.objects.get(act="fulfilment.answer").details == {"failed": False, "units": 2}


def test_what_cannot_be_supplied_gives_the_money_back(trade):
    trade.order(by_hand=True)
    [number] = waiting(trade)
    url = reverse("supplier:fulfilment_answer", args=[number])
    stranger = trade.sign_in("admin", trade.rival())
    assert stranger.post(url, {"fail": "1", "reason": "x"}).status_code == 404
    worker = trade.sign_in("purchasing", trade.supplier)
    worker.post(url, {"fail": "1", "reason": ""})
    assert waiting(trade) == [number]
    worker.post(url, {"fail": "1", "reason": "out of stock"})
    assert waiting(trade) == []
    assert trade.balance() == 100_000


def test_settlements_show_what_is_owed(trade):
    page = trade.sign_in("finance", trade.supplier).get(reverse("supplier:settlements"))
    assert page.status_code == 200
    assert '<span class="money-sign">¥</span>0<span class="money-minor">.00</span>' in page.content.decode()


@pytest.mark.parametrize(
    ("name", "marks"),
    [("offers", "xxxx."), ("lots", "xxxx."), ("fulfilments", "xxx.."), ("settlements", "x.xx.")],
)
def test_roles(trade, name, marks):
    roles = ["admin", "operations", "purchasing", "finance", "support"]
    for role, mark in zip(roles, marks, strict=True):
        answer = trade.sign_in(role, trade.supplier).get(reverse(f"supplier:{name}"))
        assert answer.status_code == (200 if mark == "x" else 403), (name, role)


def test_the_home_page_counts(trade):
    trade.order(by_hand=True)
    page = trade.sign_in("admin", trade.supplier).get(reverse("supplier:home")).content.decode()
    assert '<div class="stat-value">2</div>' in page
    assert '<div class="stat-value">20</div>' in page
    assert '<div class="stat-value">1</div>' in page
