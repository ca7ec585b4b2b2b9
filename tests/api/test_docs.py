"""The documentation: true, in two languages, without any outside address or script."""

import html
import re

import jsonschema_rs
import pytest

from kamao.api.texts import EXAMPLES, OPERATIONS
from kamao.kernel.errors import PROBLEMS


@pytest.fixture(scope="module")
def document(api):
    answer = api.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document):
    return {
        operation["operationId"]: (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_operation_is_described_in_both_languages(document):
    found = operations(document)
    assert set(found) == set(OPERATIONS)
    for _, _, operation in found.values():
        assert operation["summary"]
        assert re.search("[\u4e00-\u9fff]", operation["x-zh"]["summary"])
        assert re.search("[\u4e00-\u9fff]", operation["x-zh"]["description"])


def test_what_the_contract_lists_is_there(document):
    paths = {
        (method.upper(), path.removeprefix("/api/v1")) for method, path, _ in operations(document).values()
    }
    assert paths >= {
        ("GET", "/catalogue/skus"), ("GET", "/catalogue/skus/{sku}"), ("GET", "/categories"),
        ("GET", "/scenes"),
        ("POST", "/quotes"), ("POST", "/orders"), ("POST", "/orders/batch"), ("GET", "/orders/{order_id}"),
        ("GET", "/orders"), ("POST", "/orders/{order_id}/cancel"), ("GET", "/wallet"),
        ("GET", "/wallet/entries"),
        ("GET", "/webhook-endpoints"), ("POST", "/webhook-endpoints"),
        ("DELETE", "/webhook-endpoints/{endpoint_id}"),
        ("POST", "/webhook-endpoints/{endpoint_id}/rotate"), ("GET", "/events"),
        ("POST", "/events/{event_id}/redeliver"),
        ("GET", "/api-keys"), ("POST", "/api-keys"), ("DELETE", "/api-keys/{key_id}"),
        ("PUT", "/supply/offers"),
        ("GET", "/supply/offers"), ("POST", "/supply/offers/{offer_id}/codes"), ("GET", "/supply/lots"),
        ("POST", "/supply/lots/{lot_id}/recall"), ("GET", "/supply/fulfilments"),
        ("POST", "/supply/fulfilments/{fulfilment_id}/succeed"),
        ("POST", "/supply/fulfilments/{fulfilment_id}/fail"),
        ("GET", "/supply/settlements"),
    }  # fmt: skip


def test_the_examples_are_valid(document):
    for name, example in EXAMPLES.items():
        _, _, operation = operations(document)[name]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.validator_for({**schema, "components": document["components"]})
        assert [str(error) for error in validator.iter_errors(example)] == [], name


def test_every_reference_leads_somewhere(document):
    text = str(document)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named <= set(document["components"]["schemas"])
    assert "\\Z" not in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_works_without_the_internet(api, document, language):
    answer = api.get("/api/docs", params={"lang": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = answer.text
    assert "<script" not in page
    assert not re.search(r'\sstyle="|\son[a-z]+="', page)
    assert set(re.findall(r'(?:src|href)="(https?:)?//', page)) == set()
    for name, (method, path, operation) in operations(document).items():
        assert f'<article id="{name}">' in page
        summary = operation["x-zh"]["summary"] if language == "zh" else operation["summary"]
        assert html.escape(summary) in page
        assert f"curl -X {method.upper()}" in page
        assert path in page
    for code in PROBLEMS:
        assert f'id="{code}"' in page
    style = api.get("/api/docs/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_the_page_follows_accept_language(api):
    assert 'lang="zh-Hans"' in api.get("/api/docs").text
    assert 'lang="en"' in api.get("/api/docs", headers={"Accept-Language": "en"}).text


def test_options_and_head(api, merchant):
    allowed = api.call("OPTIONS", "/orders")
    assert (allowed.status_code, allowed.headers["allow"]) == (204, "GET, OPTIONS, POST")
    assert api.call("OPTIONS", "/orders/batch").headers["allow"] == "OPTIONS, POST"
    head = api.call("HEAD", "/wallet", key=merchant.key)
    assert (head.status_code, head.content) == (200, b"")
