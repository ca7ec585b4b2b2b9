"""The console's webhooks: endpoints, secrets shown once, the log, and sending again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from kamao.business.identity.models import AuditEntry
from kamao.business.keyring import node_keyring
from kamao.business.webhooks.fan_out import fan_out_once
from kamao.business.webhooks.models import Attempt, Delivery, Endpoint
from kamao.engine.cells import LIVE
from kamao.engine.trade.relay import sequence_events
from kamao.kernel.ids import encode
from tests.portals.consoles.conftest import in_cell, trade

__all__ = ["trade"]

URL = "https://example.com/kamao"


@pytest.fixture
def admin(trade):
    browser = trade.sign_in("admin")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


def add(browser, url=URL, **fields):
    return browser.post("/merchant/webhooks/", {"url": url, **fields})


def tell(trade):
    """Number and fan out what the trade has done."""
    with in_cell() as connection:
        sequence_events(connection)
        fan_out_once(connection, cell=LIVE, keyring=node_keyring(), at=timezone.now())


def log_attempt(delivery, *, outcome, status, state, excerpt=""):
    """What a sender would have written."""
    now = timezone.now()
    Attempt.objects.create(
        delivery=delivery, number=1, at=now, outcome=outcome, status=status, latency_ms=12, excerpt=excerpt
    )
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state,
        attempts_made=10,
        last_outcome=outcome,
        last_status=status,
        settled_at=now,
        last_attempt_at=now,
    )


def test_a_new_endpoint_shows_its_secret_once(trade, admin):
    page = add(admin, event_types=["order.delivered"], description="till").content.decode()
    (secret,) = re.findall(r"data-secret>(whsec_[A-Za-z0-9+/=]+)<", page)
    endpoint = Endpoint.objects.get()
    assert node_keyring().open_text(endpoint.id, bytes(endpoint.secret_sealed)) == secret
    assert (endpoint.url, endpoint.event_types, endpoint.cell) == (URL, ["order.delivered"], 0)
    for path in ("/merchant/webhooks/", f"/merchant/webhooks/{encode('whe', endpoint.id)}/"):
        again = admin.get(path).content.decode()
        assert URL in again
        assert "whsec_" not in again
    entry = AuditEntry.objects.get(act="webhook_endpoint.create")
    assert (entry.user_id, entry.organisation_id) == (admin.user.id, trade.merchant.id)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "https://user:pw@example.com/", "ftp://example.com/", "nonsense"]
)
def test_an_address_that_may_not_be_called_is_refused_beside_its_field(trade, admin, url):
    answer = add(admin, url)
    assert answer.status_code == 422
    assert Endpoint.objects.count() == 0
    assert "field-error" in answer.content.decode() or "errorlist" in answer.content.decode()


def test_the_log_shows_deliveries_attempts_and_the_body_without_codes(trade, admin):
    add(admin)
    order = trade.order(reference="W-1")
    tell(trade)
    at = f"/merchant/webhooks/{encode('whe', Endpoint.objects.get().id)}/"
    delivery = Delivery.objects.get(message__event_type="order.delivered")
    log_attempt(delivery, outcome="refused", status=500, state="exhausted", excerpt="<b>boom</b>")
    page = admin.get(at).content.decode()
    assert "order.delivered" in page
    assert encode("evt", delivery.message_id) in page
    assert encode("evt", delivery.message_id) not in admin.get(at, {"state": "delivered"}).content.decode()
    detail = admin.get(f"{at}{encode('dlv', delivery.id)}/").content.decode()
    assert order in detail
    assert "W-1" in detail
    assert "&lt;b&gt;boom&lt;/b&gt;" in detail
    assert "SECRET-" not in detail


def test_one_event_and_everything_given_up_can_be_sent_again(trade, admin):
    add(admin)
    trade.order()
    trade.order()
    tell(trade)
    at = f"/merchant/webhooks/{encode('whe', Endpoint.objects.get().id)}/"
    first, second = Delivery.objects.order_by("id")
    for delivery in (first, second):
        log_attempt(delivery, outcome="timeout", status=None, state="exhausted")
    admin.post(f"{at}{encode('dlv', first.id)}/redeliver/")
    first.refresh_from_db()
    assert (first.state, first.attempts_made, first.settled_at) == ("waiting", 0, None)
    second.refresh_from_db()
    assert second.state == "exhausted"
    Delivery.objects.filter(pk=second.pk).update(settled_at=timezone.now() - timedelta(days=31))
    admin.post(f"{at}replay/")
    second.refresh_from_db()
    assert second.state == "exhausted"  # older than thirty days
    Delivery.objects.filter(pk=second.pk).update(settled_at=timezone.now() - timedelta(days=29))
    answer = admin.post(f"{at}replay/", follow=True)
    second.refresh_from_db()
    assert second.state == "waiting"
    assert "1 event is sent again" in answer.content.decode()


def test_switching_rotating_changing_and_removing(trade, admin):
    add(admin)
    endpoint = Endpoint.objects.get()
    at = f"/merchant/webhooks/{encode('whe', endpoint.id)}/"
    admin.post(f"{at}switch/")
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_reason) == ("disabled", "owner")
    trade.order()
    tell(trade)
    assert Delivery.objects.count() == 0
    admin.post(f"{at}switch/")
    old = bytes(endpoint.secret_sealed)
    page = admin.post(f"{at}rotate/").content.decode()
    endpoint.refresh_from_db()
    assert endpoint.state == "enabled"
    assert bytes(endpoint.previous_secret_sealed) == old
    assert "whsec_" in page
    admin.post(at, {"url": "https://example.com/new", "description": "x", "event_types": ["order.settled"]})
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.event_types) == ("https://example.com/new", ["order.settled"])
    admin.post(f"{at}remove/")
    assert admin.get(at).status_code == 404
    assert URL not in admin.get("/merchant/webhooks/").content.decode()


def test_removing_an_endpoint_ends_what_waits(trade, admin):
    add(admin)
    trade.order()
    tell(trade)
    admin.post(f"/merchant/webhooks/{encode('whe', Endpoint.objects.get().id)}/remove/")
    assert Delivery.objects.get().state == "exhausted"


def test_the_log_of_orders_own_addresses_can_be_read_and_repeated_but_not_changed(trade, admin):
    trade.order(reference="N-1", notify_url="https://example.com/one-order")
    tell(trade)
    signer = Endpoint.objects.get(is_for_orders=True)
    at = f"/merchant/webhooks/{encode('whe', signer.id)}/"
    (delivery,) = Delivery.objects.all()
    assert delivery.url == "https://example.com/one-order"
    assert encode("evt", delivery.message_id) in admin.get(at).content.decode()
    log_attempt(delivery, outcome="gone", status=410, state="exhausted")
    admin.post(f"{at}{encode('dlv', delivery.id)}/redeliver/")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    for act in ("switch", "remove", "rotate", "replay"):
        assert admin.post(f"{at}{act}/").status_code == 404
    assert "whsec_" in admin.post("/merchant/webhooks/order-secret/").content.decode()


def test_strangers_and_roles_without_the_permission_see_nothing(trade, admin):
    add(admin)
    endpoint = Endpoint.objects.get()
    at = f"/merchant/webhooks/{encode('whe', endpoint.id)}/"
    stranger = trade.sign_in("admin", of=trade.other)
    assert stranger.get(at).status_code == 404
    for act in ("switch", "remove", "rotate", "replay"):
        assert stranger.post(f"{at}{act}/").status_code == 404
    for role in ("support", "finance", "purchasing"):
        assert trade.sign_in(role).get("/merchant/webhooks/").status_code == 403
    assert trade.sign_in("operations").get(at).status_code == 200
    endpoint.refresh_from_db()
    assert endpoint.state == "enabled"


def test_every_page_speaks_chinese_too(trade, admin):
    admin.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    listed = add(admin).content.decode()
    assert "请立即复制此密钥" in listed
    trade.order()
    tell(trade)
    at = f"/merchant/webhooks/{encode('whe', Endpoint.objects.get().id)}/"
    page = admin.get(at).content.decode()
    for words in ("投递记录", "订单已交付", "更换密钥", "下次尝试"):
        assert words in page
    delivery = Delivery.objects.get()
    log_attempt(delivery, outcome="timeout", status=None, state="waiting")
    assert "15 秒内没有应答" in admin.get(f"{at}{encode('dlv', delivery.id)}/").content.decode()
