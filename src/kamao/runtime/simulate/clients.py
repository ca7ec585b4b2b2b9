"""Clients that buy through the public API and never give up on an unknown outcome: they repeat the same
reference.
"""

import random
import threading
import time
from typing import Any

import httpx
import msgspec

from kamao.runtime.simulate.market import Market

REFUSALS = frozenset({"out_of_stock", "insufficient_balance"})
_UNKNOWN_MAX_S = 90.0


class Accepted(msgspec.Struct, frozen=True):
    """An order that a client was given: by which reference, which id, which codes."""

    merchant: int
    reference: str
    order: str
    codes: tuple[str, ...]


class Broken(Exception):
    """The node did something it must not do; the message says what."""


class Tally:
    """What all clients of a wave have seen; safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.accepted: list[Accepted] = []
        self.refused: dict[str, int] = {}
        self.unknown = 0
        self.broken: list[str] = []

    def add(self, found: Accepted | str) -> None:
        """Count an accepted order or a refusal's code."""
        with self._lock:
            if isinstance(found, Accepted):
                self.accepted.append(found)
            else:
                self.refused[found] = self.refused.get(found, 0) + 1

    def doubt(self) -> None:
        """Count an answer that never came."""
        with self._lock:
            self.unknown += 1

    def fail(self, text: str) -> None:
        """Remember what must not happen."""
        with self._lock:
            self.broken.append(text)


class Buyer(threading.Thread):
    """One client: buys until it is told that goods or money are gone."""

    def __init__(
        self, base_url: str, market: Market, number: int, *, tally: Tally, start: threading.Barrier, seed: str
    ) -> None:
        super().__init__(name=f"buyer-{number}", daemon=True)
        self._number = number
        self._merchant = number % len(market.merchants)
        self._market = market
        self._tally = tally
        self._start = start
        self._rng = random.Random(f"{seed}:{number}")
        headers = {"Authorization": f"Bearer {market.keys[self._merchant]}"}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=10)

    def run(self) -> None:
        """Buy, then ask for every own order once more under its reference."""
        try:
            self._start.wait(30)
            mine = self._buy_all()
            for order in mine:
                self._ask_again(order)
        except Broken as error:
            self._tally.fail(str(error))
        finally:
            self._http.close()

    def _ask_again(self, order: Accepted) -> None:
        again = self._until_known(order.reference, len(order.codes))
        if not isinstance(again, Accepted) or (again.order, again.codes) != (order.order, order.codes):
            raise Broken(f"{order.reference} was repeated and gave another result")

    def _buy_all(self) -> list[Accepted]:
        mine: list[Accepted] = []
        for turn in range(1_000):
            quantity = self._rng.choice((1, 1, 1, 2))
            found = self._until_known(f"c{self._number}-{turn}", quantity)
            self._tally.add(found)
            if isinstance(found, Accepted):
                mine.append(found)
            elif quantity == 1:
                return mine
        return mine

    def _until_known(self, reference: str, quantity: int) -> Accepted | str:
        """Send an order until its outcome is known; return it or the refusal's code."""
        body = {"sku": self._market.sku, "quantity": quantity, "reference": reference}
        deadline = time.monotonic() + _UNKNOWN_MAX_S
        while time.monotonic() < deadline:
            try:
                answer = self._http.post("/api/v1/orders", json=body)
            except httpx.TransportError:
                self._tally.doubt()
                time.sleep(0.05 + self._rng.random() / 10)
                continue
            if answer.status_code >= 500:
                self._tally.doubt()
                time.sleep(0.05 + self._rng.random() / 10)
                continue
            return self._read(answer.status_code, answer.json(), reference, quantity)
        raise Broken(f"{reference} stayed unknown for {_UNKNOWN_MAX_S:.0f} s")

    def _read(self, status: int, content: dict[str, Any], reference: str, quantity: int) -> Accepted | str:
        if status in (200, 201):
            codes = tuple(delivery["secret"] for delivery in content["deliveries"])
            if content["state"] != "delivered" or len(codes) != quantity or content["reference"] != reference:
                raise Broken(f"{reference} was accepted with {len(codes)} of {quantity} codes")
            return Accepted(self._merchant, reference, content["id"], codes)
        code = str(content.get("code"))
        if code not in REFUSALS:
            raise Broken(f"{reference} was answered {status} {code}")
        return code
