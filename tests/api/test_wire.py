"""Orders answered at the socket: the same contract, byte for byte of what matters, and never another's
key.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.api.serving import on_a_port


@pytest.fixture
def address(api) -> Iterator[tuple[str, int]]:
    with on_a_port(api) as url:
        host, _, port = url.removeprefix("http://").rpartition(":")
        yield host, int(port)


@pytest.fixture
def taken(api, monkeypatch) -> list[bool]:
    """Whether the wire took each order it was offered."""
    answers: list[bool] = []
    place = api.app.wire.place

    def watched(*arguments):
        answers.append(place(*arguments))
        return answers[-1]

    monkeypatch.setattr(api.app.wire, "place", watched)
    return answers


class Peer:
    """A client that says exactly what it is told to."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.rest = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], dict]:
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers["content-length"])
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(status.split()[1]), headers, json.loads(body)

    def _more(self) -> None:
        data = self.socket.recv(65_536)
        assert data, "the server closed the connection"
        self.rest += data


@contextmanager
def peer_of(address):
    peer = Peer(address)
    with peer.socket:
        yield peer


def request(key: str, body: object, *, extra: bytes = b"") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
        % (key.encode(), extra, len(content), content)
    )


def wish(goods, reference: str, **more) -> dict:
    return {"sku": goods.code, "quantity": 1, "reference": reference, **more}


def warm(peer, merchant, goods, *, extra: bytes = b"") -> tuple[int, dict, dict]:
    """The first order of a head and a merchant: the ordinary way, so that both are known afterwards."""
    peer.send(request(merchant.key, wish(goods, "W-0"), extra=extra))
    return peer.answer()


def test_the_wire_answers_as_the_ordinary_way_does(address, taken, world, merchant):
    goods = world.goods(codes=5)
    with peer_of(address) as peer:
        first = warm(peer, merchant, goods)
        peer.send(request(merchant.key, wish(goods, "W-1")))
        second = peer.answer()
    assert taken == [True]
    assert (first[0], second[0]) == (201, 201)
    assert list(second[1]) == list(first[1])
    assert list(second[2]) == list(first[2])
    for name in ("content-type", "cache-control", "x-content-type-options"):
        assert second[1][name] == first[1][name]
    assert second[2]["reference"] == "W-1"
    numbers = [answer[2]["deliveries"][0]["number"] for answer in (first, second)]
    assert numbers == ["NO000000", "NO000001"]
    assert first[1]["x-request-id"] != second[1]["x-request-id"]


@pytest.mark.parametrize(
    ("declared", "status", "is_taken"),
    [
        ("application/json; charset=utf-8", 201, [True]),
        ("Application/JSON", 201, [True]),
        ("text/plain", 415, []),
        ("application/jsonp", 415, []),
    ],
)
def test_what_the_ordinary_way_calls_json_is_json_on_the_wire(
    address, taken, world, merchant, declared, status, is_taken
):
    goods = world.goods(codes=5)
    with peer_of(address) as peer:
        for reference in ("W-0", "W-1"):
            plain = request(merchant.key, wish(goods, reference))
            peer.send(plain.replace(b"Content-Type: application/json", f"Content-Type: {declared}".encode()))
            assert peer.answer()[0] == status
    assert taken == is_taken


def test_refusals_on_the_wire_are_the_contracts(address, taken, world):
    poor = world.merchant(balance_minor=1450)
    goods = world.goods(codes=5)
    with peer_of(address) as peer:
        english = b"Accept-Language: en\r\n"
        assert warm(peer, poor, goods, extra=english)[0] == 201
        peer.send(request(poor.key, wish(goods, "W-1"), extra=english))
        status, headers, problem = peer.answer()
        assert taken == [True]
        assert (status, problem["code"]) == (402, "insufficient_balance")
        assert headers["content-type"] == "application/problem+json"
        assert problem["title"] == "Insufficient balance"
        # The same length, so that the head is known; the body is not JSON, which only the ordinary way says.
        body = json.dumps(wish(goods, "W-2")).encode()
        peer.send(request(poor.key, body[:-1] + b"]", extra=english))
        status, _, problem = peer.answer()
        assert taken == [True, False]
        assert (status, problem["code"]) == (400, "malformed")
        peer.send(request(poor.key, wish(goods, "W-0"), extra=english))
        assert peer.answer()[0] == 200


def test_bodies_in_pieces_and_requests_ahead_of_their_turn(address, taken, world, merchant):
    goods = world.goods(codes=9)
    with peer_of(address) as peer:
        warm(peer, merchant, goods)
        whole = request(merchant.key, wish(goods, "W-1"))
        cut = whole.index(b"\r\n\r\n") + 4
        peer.send(whole[:cut])
        peer.send(whole[cut : cut + 9])
        peer.send(whole[cut + 9 :])
        assert peer.answer()[2]["reference"] == "W-1"
        peer.send(b"".join(request(merchant.key, wish(goods, f"W-{n}")) for n in (2, 3, 4)))
        assert [peer.answer()[2]["reference"] for _ in range(3)] == ["W-2", "W-3", "W-4"]
        for number in (5, 6):
            peer.send(request(merchant.key, wish(goods, f"W-{number}")))
        assert [peer.answer()[2]["reference"] for _ in range(2)] == ["W-5", "W-6"]
        peer.send(b"GET /api/v1/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n"
                  % merchant.key.encode())  # fmt: skip
        assert peer.answer()[0] == 200
        peer.send(request(merchant.key, wish(goods, "W-7")))
        assert peer.answer()[2]["reference"] == "W-7"
    assert (taken[0], taken[-1]) == (True, True)


def test_every_head_speaks_for_its_own_key(address, taken, world):
    first, second = (world.merchant(balance_minor=10_000) for _ in range(2))
    goods = world.goods(codes=9)
    with peer_of(address) as peer:
        for merchant in (first, second):
            warm(peer, merchant, goods)
        for merchant in (second, first, second):
            peer.send(request(merchant.key, wish(goods, f"S-{len(taken)}")))
            assert peer.answer()[0] == 201
    assert taken == [True] * 3
    assert [world.balance(each.id) for each in (first, second)] == [10_000 - 2 * 1450, 10_000 - 3 * 1450]


def test_a_head_is_known_from_its_first_byte_or_not_at_all(address, api, world, merchant):
    goods = world.goods(codes=9)
    before = set(api.app.wire.heads)
    with peer_of(address) as peer:
        peer.send(b"\r\n\r\n" + request(merchant.key, wish(goods, "W-0")))
        assert peer.answer()[0] == 201
    with peer_of(address) as peer:
        peer.send(request(merchant.key, wish(goods, "W-1"), extra=b"Connection: close\r\n"))
        assert peer.answer()[0] == 201
    assert set(api.app.wire.heads) == before
    with peer_of(address) as peer:
        peer.send(b"\r\n\r\n" + json.dumps(wish(goods, "W-2")).encode())
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_limited_key_is_told_its_standing_on_the_wire(address, taken, world):
    merchant = world.merchant(balance_minor=10_000, rate_limit_per_minute=3)
    goods = world.goods(codes=9)
    with peer_of(address) as peer:
        answers = [warm(peer, merchant, goods)]
        for number in (1, 2, 3):
            peer.send(request(merchant.key, wish(goods, f"W-{number}")))
            answers.append(peer.answer())
    assert taken == [True, True, False]
    assert [status for status, _, _ in answers] == [201, 201, 201, 429]
    assert [headers["ratelimit"].split(";")[1] for _, headers, _ in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert world.balance(merchant.id) == 10_000 - 3 * 1450


def test_a_crowd_on_the_wire_and_in_batches_shares_the_last_codes(api, address, taken, world):
    """Single orders by memory and batches by reading, for the same codes and wallets at the same time."""
    merchants = [world.merchant(balance_minor=40 * 1450) for _ in range(4)]
    goods = world.goods(codes=100)
    url = f"http://{address[0]}:{address[1]}/api/v1"

    async def single(client, number):
        merchant = merchants[number % 4]
        headers = {"Authorization": f"Bearer {merchant.key}"}
        answer = await client.post(f"{url}/orders", headers=headers, json=wish(goods, f"one-{number}"))
        return [(answer.status_code, answer.json())]

    async def batch(client, number):
        merchant = merchants[number % 4]
        orders = [wish(goods, f"many-{number}-{n}") for n in range(5)]
        headers = {"Authorization": f"Bearer {merchant.key}"}
        answer = await client.post(f"{url}/orders/batch", headers=headers, json={"orders": orders})
        return [(each["status"], each.get("order") or each["problem"]) for each in answer.json()["results"]]

    async def crowd():
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=32), timeout=60) as client:
            work = [single(client, n) for n in range(120)] + [batch(client, n) for n in range(12)]
            return await asyncio.gather(*work)

    answers = [each for part in asyncio.run(crowd()) for each in part]
    sold = [order["deliveries"][0]["secret"] for status, order in answers if status == 201]
    assert len(sold) == len(set(sold)) == 100
    refused = {problem["code"] for status, problem in answers if status != 201}
    assert refused <= {"out_of_stock", "insufficient_balance"}
    spent = sum(40 * 1450 - world.balance(merchant.id) for merchant in merchants)
    assert spent == 100 * 1450
    assert taken.count(True) > 60


def test_orders_survive_the_loss_of_their_connections(api, address, world):
    """Whatever the express lane had on its way when its connections died is told by repeating references."""
    merchant = world.merchant(balance_minor=200 * 1450)
    goods = world.goods(codes=200)
    url = f"http://{address[0]}:{address[1]}/api/v1/orders"
    headers = {"Authorization": f"Bearer {merchant.key}"}

    async def until_known(client, number):
        while True:
            answer = await client.post(url, headers=headers, json=wish(goods, f"k-{number}"))
            if answer.status_code != 503:
                return answer.status_code, answer.json()["deliveries"][0]["secret"]
            await asyncio.sleep(0.05)

    def cut():
        with world.cell().pool.transaction() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND query ~ 'trade_insist|COMMIT|BEGIN'"
                " AND datname = current_database() AND application_name = 'kamao-cell0'"
            )

    async def crowd():
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=16), timeout=60) as client:
            work = [asyncio.create_task(until_known(client, n)) for n in range(200)]
            await asyncio.wait(work[:40])
            await asyncio.get_running_loop().run_in_executor(None, cut)
            return await asyncio.gather(*work)

    answers = asyncio.run(crowd())
    secrets = [secret for _, secret in answers]
    assert {status for status, _ in answers} <= {200, 201}
    assert len(set(secrets)) == 200
    assert world.balance(merchant.id) == 0
