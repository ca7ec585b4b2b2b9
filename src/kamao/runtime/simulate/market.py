"""What a wave is fought over: merchants with just so much money and a SKU with known codes, made on the
node's database.
"""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings

from kamao.business.engine_tools import tools_for
from kamao.business.identity import api_keys, audit
from kamao.business.identity.operations import register_organisation
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.engine.pool import connect
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot

PRICE_MINOR = 1_000
_SCOPES = ("orders:write", "orders:read", "codes:read", "wallet:read")


class Market(msgspec.Struct, frozen=True):
    """A wave's goods and buyers. ``money`` is what each merchant's wallet holds at the start, in minor
    units.
    """

    sku: str
    codes: frozenset[str]
    merchants: tuple[UUID, ...]
    keys: tuple[str, ...]
    money: tuple[int, ...]


def open_market(rng: random.Random, *, name: str, codes: int, merchants: int) -> Market:
    """Make fresh merchants, a fresh SKU and fresh codes; wallets hold from a few to many orders' money."""
    at = datetime.now(UTC)
    owners, keys = [], []
    for number in range(merchants):
        title = f"{name} merchant {number}"
        owner = register_organisation(
            kind="merchant", legal_name=title, display_name=title, actor=audit.SYSTEM, at=at
        )
        wish = api_keys.KeyWish(label="simulate", cell=LIVE.number, scopes=_SCOPES)
        owners.append(owner.id)
        keys.append(api_keys.create_api_key(owner, wish=wish, actor=audit.SYSTEM, at=at).raw)
    supplier = register_organisation(
        kind="supplier", legal_name=f"{name} supplier", display_name=name, actor=audit.SYSTEM, at=at
    )
    money = tuple(
        PRICE_MINOR * rng.randrange(4, 2 * codes // merchants + 8) + rng.randrange(1_000) for _ in owners
    )
    secrets = [f"{name}-{number:04}-{rng.getrandbits(64):016X}" for number in range(codes)]
    _stock(name, supplier.id, owners=owners, money=money, secrets=secrets, at=at)
    return Market(name, frozenset(secrets), tuple(owners), tuple(keys), money)


def _stock(
    name: str, supplier: UUID, *, owners: list[UUID], money: tuple[int, ...], secrets: list[str], at: datetime
) -> None:
    tools = tools_for(LIVE)
    sku, offer, lot = tools.ids.many(3)
    with connect(settings.KAMAO_CONNINFO, LIVE) as connection:
        put_skus(connection, [SkuUpsert(id=sku, code=name, kind="code")], at=at)
        put_offers(
            connection, [OfferUpsert(id=offer, supplier=supplier, sku=sku, supply_price_e4=90_000)], at=at
        )
        rule = PriceRule(
            audience_kind="template", target_kind="sku", target=sku, effective_from=at - timedelta(seconds=1),
            fixed_e4=PRICE_MINOR * 100,
        )  # fmt: skip
        put_rules(connection, [rule])
        transfer(
            connection,
            [
                Transfer(f"{name}:{owner}", "wallet_topup", cash("simulate", "CNY"), wallet(owner), amount)
                for owner, amount in zip(owners, money, strict=True)
            ],
            at=at,
            ids=tools.ids,
        )
        open_lots(connection, [NewLot(lot, offer, supplier, sku)], at=at, keyring=tools.keyring)
        codes = [NewCode("", secret) for secret in secrets]
        import_codes(connection, lot, codes, at=at, ids=tools.ids, keyring=tools.keyring)


def spent_by_postings(market: Market) -> list[int]:
    """Return what left each merchant's wallet, by the postings themselves."""
    spent = []
    with connect(settings.KAMAO_CONNINFO, LIVE) as connection:
        for owner in market.merchants:
            row = connection.execute(
                "SELECT coalesce(sum(CASE WHEN debit = %(id)s THEN amount_minor ELSE -amount_minor END), 0)"
                "::bigint FROM ledger_posting WHERE kind <> 'wallet_topup'"
                " AND (debit = %(id)s OR credit = %(id)s)",
                {"id": wallet(owner).id},
            ).fetchone()
            assert row is not None, "a sum always answers"
            spent.append(row[0])
    return spent
