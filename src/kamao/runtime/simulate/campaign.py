"""A campaign: waves of buyers with a kill in the middle of each, then the verdict by model and by the
books.
"""

import random
import subprocess
import threading
import time

import msgspec
from django.db import connections

from kamao.runtime.bench.node import BenchNode
from kamao.runtime.home import CHECKOUT
from kamao.runtime.simulate.clients import Buyer, Tally
from kamao.runtime.simulate.faults import KINDS, kill_one
from kamao.runtime.simulate.market import PRICE_MINOR, Market, open_market, spent_by_postings

CLIENTS = 64
MERCHANTS = 8
CODES = 100


class Verdict(msgspec.Struct):
    """What a campaign has seen. ``broken`` is empty when everything held."""

    seed: str
    waves: int = 0
    accepted: int = 0
    codes: int = 0
    refused: int = 0
    unknown: int = 0
    killed: list[str] = []
    broken: list[str] = []


def campaign(node: BenchNode, *, seed: str, waves: int, seconds: float = 0.0) -> Verdict:
    """Fight ``waves`` waves (or as many as begin within ``seconds``) and judge each of them."""
    verdict = Verdict(seed)
    began = time.monotonic()
    while verdict.waves < waves or (seconds and time.monotonic() - began < seconds):
        # The last wave's kill may have taken this process's own connections with it.
        node.wait_ready()
        connections.close_all()
        name = f"sim-{seed}-{verdict.waves}".lower()
        rng = random.Random(name)
        market = open_market(rng, name=f"{name}-{int(time.time())}", codes=CODES, merchants=MERCHANTS)
        tally = _fight(node, market, rng, verdict, seed=name)
        _judge(market, tally, verdict)
        verdict.waves += 1
        if verdict.broken:
            break
    node.wait_ready()
    books = subprocess.run(
        [str(CHECKOUT / "kamao"), "books", "--home", str(node.home.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    if books.returncode:
        verdict.broken.append(f"the books are not clean: {books.stdout}{books.stderr}")
    return verdict


def _fight(node: BenchNode, market: Market, rng: random.Random, verdict: Verdict, *, seed: str) -> Tally:
    tally = Tally()
    start = threading.Barrier(CLIENTS + 1)
    buyers = [
        Buyer(node.base_url, market, number, tally=tally, start=start, seed=seed) for number in range(CLIENTS)
    ]
    for buyer in buyers:
        buyer.start()
    start.wait(30)
    kinds = [KINDS[verdict.waves % len(KINDS)], rng.choice(KINDS)]
    for kind in kinds:
        time.sleep(rng.uniform(0.02, 0.25))
        if kill_one(node, kind, rng):
            verdict.killed.append(kind)
    for buyer in buyers:
        buyer.join(180)
        if buyer.is_alive():
            tally.fail(f"{buyer.name} did not end")
    return tally


def _judge(market: Market, tally: Tally, verdict: Verdict) -> None:
    """Hold what clients were told against the model: codes once each, money to the fen, refusals that make
    sense.
    """
    broken = list(tally.broken)
    codes = [code for order in tally.accepted for code in order.codes]
    if len(set(codes)) != len(codes):
        broken.append("a code was sold twice")
    if not set(codes) <= market.codes:
        broken.append("a code was handed over that this SKU never had")
    if len({order.order for order in tally.accepted}) != len(tally.accepted):
        broken.append("one order answers two references")
    expected = [0] * len(market.merchants)
    for order in tally.accepted:
        expected[order.merchant] += PRICE_MINOR * len(order.codes)
    if any(spent > money for spent, money in zip(expected, market.money, strict=True)):
        broken.append("a merchant spent more than it had")
    if spent_by_postings(market) != expected:
        broken.append(f"money: the model says {expected}, the postings say {spent_by_postings(market)}")
    left = len(market.codes) - len(codes)
    rich = any(money - spent >= PRICE_MINOR for money, spent in zip(market.money, expected, strict=True))
    if left and rich:
        broken.append(f"{left} codes were left although somebody could pay")
    verdict.accepted += len(tally.accepted)
    verdict.codes += len(codes)
    verdict.refused += sum(tally.refused.values())
    verdict.unknown += tally.unknown
    verdict.broken += broken
