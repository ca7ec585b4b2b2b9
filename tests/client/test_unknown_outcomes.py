"""What the client does when answers are lost, late or strange: it repeats only what cannot happen twice."""

import asyncio
import json

import httpx
import pytest

from kamao_client import AsyncClient, Client, errors, types

ORDER = {
    "id": "ord_1", "reference": "R-1", "sku": "s", "quantity": 1, "unit_price": 100,
    "unit_price_decimal": "100",
    "amount": 100, "currency": "CNY", "state": "delivered", "created_at": "2026-11-22T00:00:00Z",
    "a_field_of_the_future": {"x": 1},
}  # fmt: skip
WALLET = {"currency": "CNY", "balance": 5, "held": 0, "credit_line": 0, "available": 5}


def problem(status, code, **headers):
    return httpx.Response(
        status, json={"code": code, "status": status, "title": code, "detail": "…"}, headers=headers
    )


class Script:
    """Answers in turn, the last one for ever; an exception class is raised instead."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.pauses = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, type):
            raise answer("lost", request=request)
        return answer

    def client(self, **options):
        return Client(
            "http://kamao.test",
            "kmk_test_x",
            transport=httpx.MockTransport(self),
            sleep=self.pauses.append,
            **options,
        )


@pytest.mark.parametrize(
    "lost",
    [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError,
     problem(503, "overloaded"),
     problem(500, "internal"),
     httpx.Response(502, text="<html>bad gateway</html>"), problem(429, "rate_limited")],
)  # fmt: skip
def test_an_order_is_repeated_with_the_same_reference_until_its_outcome_is_known(lost):
    script = Script(lost, lost, httpx.Response(200, json=ORDER))
    order = script.client().orders.buy("s", 1, "R-1")
    assert (order.id, order.state, order.is_final) == ("ord_1", "delivered", True)
    assert len(script.requests) == 3
    assert {request.content for request in script.requests} == {script.requests[0].content}
    assert json.loads(script.requests[0].content) == {"sku": "s", "quantity": 1, "reference": "R-1"}


def test_a_refusal_is_final_and_not_repeated():
    script = Script(problem(402, "insufficient_balance"))
    with pytest.raises(errors.InsufficientBalance):
        script.client().orders.buy("s", 1, "R-1")
    assert len(script.requests) == 1
    assert script.pauses == []


def test_time_up_after_a_lost_answer_says_that_the_outcome_is_unknown():
    script = Script(httpx.ReadTimeout)
    with pytest.raises(errors.OutcomeUnknown) as unknown:
        script.client(retry_for_s=0).orders.buy("s", 1, "R-1")
    assert unknown.value.reference == "R-1"
    assert not isinstance(unknown.value, errors.ApiError)


def test_time_up_with_nothing_but_429_is_no_unknown_outcome():
    script = Script(problem(429, "rate_limited", **{"retry-after": "60"}))
    with pytest.raises(errors.RateLimited) as limited:
        script.client(retry_for_s=30).orders.buy("s", 1, "R-1")
    assert limited.value.retry_after_s == 60
    assert len(script.requests) == 1


def test_retry_after_is_honoured_and_pauses_grow():
    script = Script(problem(503, "overloaded", **{"retry-after": "3"}), httpx.Response(201, json=ORDER))
    script.client().orders.buy("s", 1, "R-1")
    assert script.pauses == [3.0]
    script = Script(*[httpx.ReadTimeout] * 5, httpx.Response(201, json=ORDER))
    script.client().orders.buy("s", 1, "R-1")
    for attempt, pause in enumerate(script.pauses):
        assert 0.05 * 2**attempt <= pause <= 0.1 * 2**attempt


def test_other_posts_are_repeated_under_one_idempotency_key():
    script = Script(
        httpx.ReadTimeout, problem(409, "idempotency_in_progress", **{"retry-after": "1"}),
        httpx.Response(202, json={"endpoints": 1}),
    )  # fmt: skip
    assert script.client().webhooks.redeliver("evt_1").endpoints == 1
    keys = {request.headers["idempotency-key"] for request in script.requests}
    assert len(keys) == 1
    assert len(script.requests) == 3
    script = Script(httpx.Response(202, json={"endpoints": 1}))
    script.client().webhooks.redeliver("evt_1", idempotency_key="mine")
    assert script.requests[0].headers["idempotency-key"] == '"mine"'


def test_reads_are_repeated_and_end_with_the_connection_error():
    script = Script(httpx.ConnectError, httpx.Response(200, json=WALLET))
    assert script.client().wallet.get() == types.Wallet("CNY", 5, 0, 0, 5)
    with pytest.raises(errors.ConnectionFailed):
        Script(httpx.ConnectError).client(retry_for_s=0).wallet.get()


def test_an_answer_in_an_unknown_form_is_said_to_be_one():
    with pytest.raises(errors.UnexpectedAnswer):
        Script(httpx.Response(200, json={"surprise": True})).client().wallet.get()


def test_ids_cannot_break_out_of_their_path():
    script = Script(httpx.Response(200, json=ORDER))
    script.client().orders.get("../../admin?x=1#y")
    assert script.requests[0].url.raw_path == b"/api/v1/orders/..%2F..%2Fadmin%3Fx%3D1%23y"


def test_what_is_printed_never_holds_a_code_or_a_secret():
    delivery = types.Delivery("code", "itm_1", "NO-1", "SECRET-1", secret_available=True)
    shown = repr([delivery, types.Code("SECRET-2"), types.Receipt("SECRET-3")])
    assert "SECRET" not in shown
    assert "NO-1" not in shown


def test_the_async_client_repeats_alike():
    script = Script(httpx.ReadTimeout, httpx.Response(201, json=ORDER))
    pauses = []

    async def sleep(pause_s):
        pauses.append(pause_s)

    async def run():
        transport = httpx.MockTransport(script)
        async with AsyncClient("http://kamao.test", "k", transport=transport, sleep=sleep) as client:
            return await client.orders.buy("s", 1, "R-1")

    assert asyncio.run(run()).id == "ord_1"
    assert len(pauses) == 1
    assert script.requests[0].content == script.requests[1].content
