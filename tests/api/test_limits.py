"""Rate limits of keys, and the numbers every answer carries."""

import uuid

from kamao.api.ratelimit import RateLimiter


def test_a_limited_key_is_told_where_it_stands(either_api, world, merchant):
    key = world.key_for(merchant.organisation, rate_limit_per_minute=2)
    goods = world.goods(codes=3)
    answers = [
        either_api.post(
            "/orders", key=key, json={"sku": goods.code, "quantity": 1, "reference": f"L-{number}"}
        )
        for number in range(3)
    ]
    assert [each.status_code for each in answers] == [201, 201, 429]
    assert [each.headers["ratelimit-policy"] for each in answers] == ['"minute";q=2;w=60'] * 3
    assert [each.headers["ratelimit"] for each in answers] == [
        '"minute";r=1;t=0',
        '"minute";r=0;t=30',
        '"minute";r=0;t=30',
    ]
    assert answers[2].json()["code"] == "rate_limited"
    assert answers[2].headers["retry-after"] == "30"
    assert world.balance(merchant.id) == 100_000 - 2 * 1450
    malformed = either_api.post(
        "/orders", key=key, content=b"{", headers={"Content-Type": "application/json"}
    )
    assert malformed.status_code == 400
    assert either_api.get("/wallet", key=key).status_code == 429


def test_a_key_without_a_limit_has_no_such_headers(either_api, merchant):
    answer = either_api.get("/wallet", key=merchant.key)
    assert "ratelimit" not in answer.headers


def test_a_bucket_refills_evenly():
    now = [0.0]
    limiter = RateLimiter(lambda: now[0])
    key = uuid.uuid4()
    assert [limiter.take(key, limit=3).is_allowed for _ in range(4)] == [True, True, True, False]
    now[0] = 19.9
    assert not limiter.take(key, limit=3).is_allowed
    now[0] = 40.0
    assert [limiter.take(key, limit=3).is_allowed for _ in range(3)] == [True, True, False]
    now[0] = 4_000.0
    assert [limiter.take(key, limit=3).is_allowed for _ in range(4)] == [True, True, True, False]


def test_request_ids_are_distinct(api, merchant):
    seen = {api.get("/wallet", key=merchant.key).headers["x-request-id"] for _ in range(5)}
    assert len(seen) == 5
