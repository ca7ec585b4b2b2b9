"""Bad input gets the documented error, in the documented order, and nothing is half-written."""

import json
from datetime import timedelta

import pytest

GOOD = {"quantity": 1, "reference": "R"}


def post(api, merchant, content, **headers):
    return api.post(
        "/orders", key=merchant.key, content=content,
        headers={"Content-Type": "application/json", "Accept-Language": "en", **headers},
    )  # fmt: skip


@pytest.fixture
def goods(world):
    return world.goods(codes=5)


def raw(goods, **change):
    return json.dumps({"sku": goods.code, **GOOD, **change})


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[", b"null junk", b"{'sku': 1}", b"\xef\xbb\xbf{}",
        b'{"sku":"a","quantity":1,"reference":"\xff"}',
        b'{"sku":"a","quantity":NaN,"reference":"r"}', b'{"sku":"a","quantity":Infinity,"reference":"r"}',
        b'{"sku":"a","quantity":1,"quantity":2,"reference":"r"}',
        b'{"sku":"a","quantity":1,"\\u0071uantity":2,"reference":"r"}',
        b'{"sku":"a","quantity":1,"reference":"r"} {}', b'{"sku":"a","quantity":1,"reference":"\\ud800"}',
        b'{"sku":"a","quantity":1,"reference":"r","metadata":{"a":"1","a":"2"}}',
        b'{"sku":"a","quantity":"x","reference":"r"', b"[" * 100_000, b'{"a":' * 50_000,
        "{}".encode("utf-16"),
        b'{"sku":"a","quantity":1,"reference":"r\x00"}', b'{"sku":"a","quantity":1,"reference":"r\n"}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_malformed(either_api, merchant, content):
    answer = post(either_api, merchant, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"quantity": 0}, ["/quantity"]), ({"quantity": -1}, ["/quantity"]),
        ({"quantity": 1001}, ["/quantity"]),
        ({"quantity": 10**30}, ["/quantity"]), ({"quantity": 1.5}, ["/quantity"]),
        ({"quantity": "1"}, ["/quantity"]),
        ({"quantity": True}, ["/quantity"]), ({"quantity": None}, ["/quantity"]),
        ({"quantity": [1]}, ["/quantity"]),
        ({"reference": ""}, ["/reference"]), ({"reference": "a b"}, ["/reference"]),
        ({"reference": "a" * 65}, ["/reference"]), ({"reference": "订单"}, ["/reference"]),
        ({"reference": "a\u200b"}, ["/reference"]), ({"reference": "a\n"}, ["/reference"]),
        ({"reference": 1}, ["/reference"]), ({"sku": "'; DROP TABLE trade_order;--"}, ["/sku"]),
        ({"sku": "<script>alert(1)</script>"}, ["/sku"]), ({"sku": "a\u0000b"}, ["/sku"]),
        ({"sku": ""}, ["/sku"]),
        ({"max_unit_price_decimal": 1}, ["/max_unit_price_decimal"]),
        ({"max_unit_price_decimal": "1e3"}, ["/max_unit_price_decimal"]),
        ({"max_unit_price_decimal": "-1"}, ["/max_unit_price_decimal"]),
        ({"max_unit_price_decimal": "1.234"}, ["/max_unit_price_decimal"]),
        ({"max_unit_price_decimal": "１"}, ["/max_unit_price_decimal"]),
        ({"max_amount": -1}, ["/max_amount"]), ({"max_amount": 10**16}, ["/max_amount"]),
        ({"sales_channel": "ebay"}, ["/sales_channel"]),
        ({"channel_order_no": "a\u202eb"}, ["/channel_order_no"]),
        ({"channel_order_no": "a\u0000"}, ["/channel_order_no"]), ({"buyer_ip": "999.1.1.1"}, ["/buyer_ip"]),
        ({"buyer_ip": "<b>"}, ["/buyer_ip"]), ({"notify_url": "javascript:alert(1)"}, ["/notify_url"]),
        ({"notify_url": "http://a b/"}, ["/notify_url"]), ({"target": {}}, ["/target"]),
        ({"target": "1"}, ["/target"]),
        ({"target": {"mobile": 1}}, ["/target"]), ({"target": {"Mobile!": "1"}}, ["/target"]),
        ({"metadata": {"a": {"b": "c"}}}, ["/metadata"]), ({"metadata": {"a": "\u200b"}}, ["/metadata"]),
        ({"metadata": {str(n): "x" * 400 for n in range(20)}}, ["/metadata"]),
        ({"unknown": 1}, ["/unknown"]), ({"a/b~c": 1}, ["/a~1b~0c"]),
        ({"quantity": 0, "reference": "", "unknown": 1}, ["/unknown", "/quantity", "/reference"]),
    ],
)  # fmt: skip
def test_wrong_fields_are_pointed_at(either_api, merchant, goods, change, pointers):
    answer = post(either_api, merchant, raw(goods, **change))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers


def test_a_body_that_is_no_object_or_lacks_fields(either_api, merchant):
    assert [each["pointer"] for each in post(either_api, merchant, b"{}").json()["errors"]] == [
        "/sku", "/quantity", "/reference"
    ]  # fmt: skip
    for content in (b"[]", b"1", b'"x"', b"null"):
        answer = post(either_api, merchant, content)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "")


def test_a_body_has_at_most_one_mebibyte(either_api, merchant, goods):
    body = raw(goods) + " " * (1 << 20)
    answer = post(either_api, merchant, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def chunks():
        for _ in range(11):
            yield b" " * 1_000_000

    answer = post(either_api, merchant, chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
def test_a_body_is_declared_as_json(either_api, merchant, goods, kind):
    answer = post(either_api, merchant, raw(goods), **{"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    fine = post(either_api, merchant, raw(goods), **{"Content-Type": "Application/JSON; charset=utf-8"})
    assert fine.status_code in {200, 201}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer nonsense",
        "Bearer " + "k" * 80,
        "Bearer kmk_live_" + "0" * 63,
    ],
)
def test_without_a_valid_key_nothing_else_is_said(either_api, world, authorization):
    headers = {"Content-Type": "text/plain"}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = either_api.post("/orders", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="kamao"'


def test_expired_revoked_and_out_of_place_keys(either_api, world, merchant, goods):
    soon = world.key_for(merchant.organisation, expires_at=world.now() + timedelta(milliseconds=1))
    bound = world.key_for(merchant.organisation, ip_networks=("192.0.2.0/24",))
    read_only = world.key_for(merchant.organisation, scopes=("orders:read",))
    body = {"sku": goods.code, "quantity": 1, "reference": "K"}
    for key, status, code in (
        (soon, 401, "unauthenticated"),
        (bound, 403, "forbidden"),
        (read_only, 403, "forbidden"),
    ):
        answer = either_api.post(
            "/orders", key=key, content=b"{", headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert either_api.post("/orders", key=key, json=body).status_code == status


def test_refusals_come_in_the_documented_order(either_api, world, merchant, goods):
    def code(key, content, kind="application/json"):
        answer = either_api.post("/orders", key=key, content=content, headers={"Content-Type": kind})
        return answer.status_code, answer.json()["code"]

    weak = world.key_for(merchant.organisation, scopes=("orders:read",))
    assert code("no-key", b"{", "text/plain") == (401, "unauthenticated")
    assert code(weak, b"{", "text/plain") == (403, "forbidden")
    assert code(merchant.key, b"{", "text/plain") == (415, "unsupported_media_type")
    assert code(merchant.key, b'{"quantity":') == (400, "malformed")
    assert code(merchant.key, raw(goods, sku="missing", quantity=0)) == (422, "invalid")
    first = either_api.post(
        "/orders", key=merchant.key, content=raw(goods), headers={"Content-Type": "application/json"}
    )
    assert first.status_code in {200, 201}
    assert code(merchant.key, raw(goods, sku="missing")) == (404, "sku_not_found")
    assert code(merchant.key, raw(goods, max_amount=1, quantity=500)) == (409, "reference_conflict")
    assert code(merchant.key, raw(goods, reference="o", max_amount=1, quantity=500)) == (
        409,
        "price_above_limit",
    )
    assert code(merchant.key, raw(goods, reference="o", quantity=500)) == (402, "insufficient_balance")
    assert code(merchant.key, raw(goods, reference="o", quantity=9)) == (409, "out_of_stock")


def test_messages_follow_accept_language(either_api, merchant):
    def detail(language):
        return post(either_api, merchant, b"{", **{"Accept-Language": language}).json()["detail"]

    chinese = "请求体不是有效的 JSON，请检查后重发。"
    english = "The body is not valid JSON; correct it and send it again."
    assert [detail(each) for each in ("zh-CN", "*", "fr", "en;q=0.5, zh;q=0.9")] == [chinese] * 4
    assert [detail(each) for each in ("en", "en-GB,zh;q=0.1", "zh;q=0, en;q=0.2")] == [english] * 3


def test_unknown_addresses_methods_and_parameters(api, merchant):
    answer = api.get("/nothing", key=merchant.key)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = api.call("PATCH", "/orders", key=merchant.key)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
    answer = api.get("/orders?refrence=A", key=merchant.key)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "refrence")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"),
        ("starting_after=abc", "starting_after"),
        ("starting_after=evt_01jd0000000000000000000000", "starting_after"), ("state=lost", "state"),
        ("created_from=yesterday", "created_from"), ("created_from=2026-01-01T00:00:00", "created_from"),
        ("reference=%00", "reference"), ("target=x", "target"), ("target=%7B%22a%22:1%7D", "target"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(api, merchant, query, parameter):
    answer = api.get(f"/orders?{query}", key=merchant.key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["parameter"] == parameter


def test_hostile_text_in_every_field_is_data_or_refused(either_api, world, merchant, goods):
    hostile = [
        "' OR 1=1 --",
        '"><img src=x onerror=alert(1)>',
        "{{7*7}}",
        "${jndi:ldap://x}",
        "=cmd|' /C calc'!A0",
        "%00",
        "😀",
    ]
    for number, text in enumerate(hostile):
        answer = post(
            either_api, merchant,
            raw(goods, reference=f"H-{number}-{id(either_api)}", channel_order_no=text,
                metadata={text: text}),
        )  # fmt: skip
        assert answer.status_code == (201 if number < 5 else 409)
        if number < 5:
            assert answer.json()["channel_order_no"] == text
            assert answer.json()["metadata"] == {text: text}
    assert world.balance(merchant.id) == 100_000 - 5 * 1450
