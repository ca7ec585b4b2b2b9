"""Webhook endpoints and events: secrets are shown once, events are the caller's own."""

import pytest

from kamao.engine.trade.relay import sequence_events


@pytest.fixture
def endpoint(api, merchant):
    answer = api.post("/webhook-endpoints", key=merchant.key,
                      json={"url": "http://127.0.0.1:9/hook", "events": ["order.*"],
                          "description": "shop"})  # fmt: skip
    assert answer.status_code == 201
    return answer.json()


def test_an_endpoint_from_birth_to_end(api, world, merchant, endpoint):
    assert endpoint["secret"].startswith("whsec_")
    assert (endpoint["url"], endpoint["events"], endpoint["enabled"]) == (
        "http://127.0.0.1:9/hook",
        ["order.*"],
        True,
    )
    listed = api.get("/webhook-endpoints", key=merchant.key).json()
    assert listed == {"data": [{**endpoint, "secret": None}], "has_more": False}
    rotated = api.post(
        f"/webhook-endpoints/{endpoint['id']}/rotate", key=merchant.key, json={"overlap_s": 60}
    ).json()
    assert rotated["secret"] != endpoint["secret"]
    for key in (world.merchant().key, world.key_for(merchant.organisation, cell=1)):
        assert api.get("/webhook-endpoints", key=key).json()["data"] == []
        for method, path in (("DELETE", ""), ("POST", "/rotate")):
            answer = api.call(method, f"/webhook-endpoints/{endpoint['id']}{path}", key=key)
            assert (answer.status_code, answer.json()["code"]) == (404, "webhook_endpoint_not_found")
    gone = api.call("DELETE", f"/webhook-endpoints/{endpoint['id']}", key=merchant.key)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get("/webhook-endpoints", key=merchant.key).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://10.0.0.1/"}, "webhook_url_refused"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "webhook_url_refused"),
        ({"url": "https://user:pw@example.com/"}, "webhook_url_refused"),
        ({"url": "ftp://example.com/"}, "webhook_url_refused"),
        ({"url": "https://example.com/", "events": ["order.exploded"]}, "invalid"),
        ({"url": "https://example.com/", "events": ["ORDER"]}, "invalid"),
    ],
)  # fmt: skip
def test_refused_endpoints(api, merchant, body, code):
    answer = api.post("/webhook-endpoints", key=merchant.key, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_events_are_listed_and_sent_again(api, world, merchant, endpoint):
    goods = world.goods(codes=3)
    made = [
        api.post(
            "/orders", key=merchant.key, json={"sku": goods.code, "quantity": 1, "reference": f"E-{n}"}
        ).json()
        for n in range(3)
    ]
    with world.cell().pool.transaction() as connection:
        while sequence_events(connection):
            pass
    body = api.get("/events", key=merchant.key).json()
    events = body["data"]
    assert [each["data"]["id"] for each in events] == [each["id"] for each in reversed(made)]
    assert {(each["type"], each["schema"], each["livemode"]) for each in events} == {
        ("order.delivered", 1, True)
    }
    assert events[0]["seq"] > events[1]["seq"] > events[2]["seq"]
    assert "secret" not in str(body)

    def page(**query):
        found = api.get("/events", key=merchant.key, params=query).json()
        return [each["id"] for each in found["data"]], found["has_more"]

    ids = [each["id"] for each in events]
    assert page(limit=2) == (ids[:2], True)
    assert page(starting_after=ids[1]) == (ids[2:], False)
    assert page(ending_before=ids[2], limit=1) == ([ids[1]], True)
    assert page(type="order.refunded") == ([], False)
    again = api.post(f"/events/{ids[0]}/redeliver", key=merchant.key)
    assert (again.status_code, again.json()) == (202, {"endpoints": 1})
    other = world.merchant()
    assert api.post(f"/events/{ids[0]}/redeliver", key=other.key).json()["code"] == "event_not_found"
    assert (
        api.get("/events", key=other.key, params={"starting_after": ids[0]}).json()["code"]
        == "event_not_found"
    )
