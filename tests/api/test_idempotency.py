"""Idempotency-Key: once per key, the same reply again, no secret in it, and nothing of a refused request."""

import threading
from datetime import timedelta

from kamao.business.idempotency.models import StoredReply
from kamao.business.idempotency.operations import remove_old_replies


def make(api, key, text, body):
    return api.post("/api-keys", key=key, json=body, headers={"Idempotency-Key": text})


def test_a_request_with_a_key_is_done_once(api, merchant):
    body = {"label": "one", "scopes": ["wallet:read"]}
    first = make(api, merchant.key, '"abc 1"', body)
    again = make(api, merchant.key, '"abc 1"', body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["key"] is not None
    assert again.json() == {**first.json(), "key": None}
    assert len(api.get("/api-keys", key=merchant.key).json()["data"]) == 2
    bare = make(api, merchant.key, "abc", body)
    assert make(api, merchant.key, '"abc"', body).json()["id"] == bare.json()["id"] != first.json()["id"]


def test_another_request_under_the_same_key_is_refused(api, world, merchant):
    body = {"label": "one", "scopes": ["wallet:read"]}
    make(api, merchant.key, "k", body)
    other = make(api, merchant.key, "k", {**body, "label": "two"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert make(api, world.merchant().key, "k", body).status_code == 201
    assert len(api.get("/api-keys", key=merchant.key).json()["data"]) == 2


def test_stored_replies_hold_no_secret(api, merchant):
    made = make(api, merchant.key, "s", {"label": "one", "scopes": ["wallet:read"]}).json()
    stored = StoredReply.objects.get(organisation_id=merchant.id, key="s")
    assert made["key"].encode() not in bytes(stored.body)
    endpoint = api.post("/webhook-endpoints", key=merchant.key, json={"url": "http://127.0.0.1:9/"},
                        headers={"Idempotency-Key": "w"}).json()  # fmt: skip
    stored = StoredReply.objects.get(organisation_id=merchant.id, key="w")
    assert endpoint["secret"].encode() not in bytes(stored.body)


def test_a_refused_request_may_be_tried_again(api, world, merchant):
    topup = world.goods(kind="topup", target_required=True)
    made = api.post(
        "/orders",
        key=merchant.key,
        json={"sku": topup.code, "quantity": 1, "reference": "I", "target": {"a": "b"}},
    )
    path = f"/orders/{made.json()['id'][:-1]}0/cancel"
    assert api.post(path, key=merchant.key, headers={"Idempotency-Key": "r"}).status_code == 404
    assert not StoredReply.objects.filter(organisation_id=merchant.id).exists()


def test_a_wrong_key_is_named(api, merchant):
    for text in ("", '""', "a" * 256, '"half', "a b"):
        answer = make(api, merchant.key, text, {"label": "one", "scopes": ["wallet:read"]})
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "Idempotency-Key")


def test_concurrent_requests_with_one_key_make_one_effect(api, merchant):
    body = {"label": "race", "scopes": ["wallet:read"]}
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(make(api, merchant.key, "race", body)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotency_in_progress"
    }
    labels = [each["label"] for each in api.get("/api-keys", key=merchant.key).json()["data"]]
    assert labels.count("race") == 1


def test_replies_are_kept_for_at_least_thirty_days(api, world, merchant):
    body = {"label": "old", "scopes": ["wallet:read"]}
    make(api, merchant.key, "old", body)
    remove_old_replies(at=world.now() + timedelta(days=30))
    assert StoredReply.objects.filter(organisation_id=merchant.id).count() == 1
    assert remove_old_replies(at=world.now() + timedelta(days=32)) >= 1
    assert StoredReply.objects.filter(organisation_id=merchant.id).count() == 0
