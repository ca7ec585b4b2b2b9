"""Who may open and send what in the consoles: every page × every role, and what a page shows to whom."""

import pytest
from django.urls import reverse

from tests.portals.consoles.conftest import TARGET, Browser

ROLES = ["admin", "operations", "purchasing", "finance", "support"]

# Page, kind of console, and whether admin, operations, purchasing, finance, support may open it (200) or not
# (403).
PAGES = """
merchant:home          merchant x x x x x
merchant:orders        merchant x x x x x
merchant:wallet        merchant x . x x .
merchant:members       merchant x x x x x
merchant:audit         merchant x . . x .
accounts:api_keys      merchant x . . . .
supplier:home          supplier x x x x x
supplier:members       supplier x x x x x
supplier:audit         supplier x . . x .
accounts:api_keys      supplier x . . . .
operator:home          operator x x x x x
operator:orders        operator x x x x x
operator:organisations operator x x . x .
operator:register      operator x . . . .
operator:topup         operator x . . x .
operator:price         operator x x . . .
operator:members       operator x x x x x
operator:audit         operator x . . x .
"""
ROWS = [line.split() for line in PAGES.strip().splitlines()]


def of_kind(trade, kind):
    return {"merchant": trade.merchant, "supplier": trade.supplier, "operator": trade.operator}[kind]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_its_roles_and_for_nobody_else(trade, role):
    column = ROLES.index(role)
    browsers = {
        kind: trade.sign_in(role, of_kind(trade, kind)) for kind in ("merchant", "supplier", "operator")
    }
    trade.order()
    for name, kind, *marks in ROWS:
        answer = browsers[kind].get(reverse(name))
        assert answer.status_code == (200 if marks[column] == "x" else 403), (name, kind)


@pytest.mark.parametrize("name", sorted({row[0] for row in ROWS}))
def test_a_page_asks_strangers_to_sign_in_and_does_not_exist_for_others(trade, name):
    url = reverse(name)
    answer = Browser().get(url)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/?next=")
    kind = {"merchant": trade.supplier, "supplier": trade.merchant, "operator": trade.merchant}.get(
        name.partition(":")[0]
    )
    if kind is not None:
        assert trade.sign_in("admin", kind).get(url).status_code == 404
    else:
        assert trade.sign_in("admin", trade.operator).get(url).status_code == 404


def test_another_merchants_order_is_404_everywhere(trade):
    trade.fund(trade.other, 10_000)
    foreign = trade.order(trade.other, reference="SECRET-REF")
    admin = trade.sign_in("admin")
    assert admin.get(reverse("merchant:order", args=[foreign])).status_code == 404
    assert admin.post(reverse("merchant:order_reveal", args=[foreign]), {"reason": "x"}).status_code == 404
    for query in (foreign, "SECRET-REF"):
        listed = admin.get(reverse("merchant:orders"), {"q": query})
        assert listed.status_code == 200
        assert reverse("merchant:order", args=[foreign]) not in listed.content.decode()
    assert admin.get(reverse("merchant:order", args=["ord_nonsense"])).status_code == 404


@pytest.mark.parametrize(
    ("role", "sees_cost", "target"),
    [
        ("admin", True, TARGET),
        ("purchasing", True, TARGET),
        ("finance", True, "138*****678"),
        ("support", False, "138*****678"),
    ],
)
def test_support_sees_no_cost_and_masked_targets(trade, role, sees_cost, target):
    number = trade.order(reference="A-77")
    browser = trade.sign_in(role)
    page = browser.get(reverse("merchant:order", args=[number])).content.decode()
    listed = browser.get(reverse("merchant:orders")).content.decode()
    assert f">{target}<" in page
    assert (TARGET in page) is (target == TARGET)
    assert ("data-cost" in page) is sees_cost
    # 2 × 14.50 is the cost, 2 × 20.00 the price the merchant sold for.
    for text in (page, listed):
        assert (
            '<span class="money-sign">¥</span>29<span class="money-minor">.00</span>' in text
        ) is sees_cost
        assert '<span class="money-sign">¥</span>40<span class="money-minor">.00</span>' in text


def test_support_cannot_reveal_export_or_see_the_wallet(trade):
    number = trade.order()
    support = trade.sign_in("support")
    assert support.post(reverse("merchant:order_reveal", args=[number]), {"reason": "x"}).status_code == 403
    assert support.get(reverse("merchant:orders"), {"format": "csv"}).status_code == 403
    assert "wallet-slot" not in support.get(reverse("merchant:home")).content.decode()


def test_operator_support_sees_no_money_of_an_order_and_refunds_up_to_its_limit(trade):
    number = trade.order(quantity=15)  # 217.50, above the limit of 200.00
    support = trade.sign_in("support", trade.operator)
    page = support.get(reverse("operator:order", args=[number])).content.decode()
    assert "data-cost" not in page
    key = "0190f000-0000-7000-8000-000000000001"
    refund = reverse("operator:order_refund", args=[number])
    sent = support.post(refund, {"units": 15, "reason": "broken", "key": key}, follow=True)
    assert "超过你的退款限额" in sent.content.decode()
    assert trade.balance() == 100_000 - 21_750
    support.post(refund, {"units": 13, "reason": "broken", "key": key})
    assert trade.balance() == 100_000 - 21_750 + 18_850
    support.post(refund, {"units": 13, "reason": "broken", "key": key})
    assert trade.balance() == 100_000 - 21_750 + 18_850
    assert (
        support.post(refund, {"units": 1, "reason": "again", "key": key[:-1] + "2"}, follow=True).status_code
        == 200
    )
    assert trade.balance() == 100_000 - 21_750 + 18_850, (
        "the second refund would pass the limit together with the first"
    )
