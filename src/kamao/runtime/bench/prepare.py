"""What the order benchmarks use, made on a running node: funded merchants with keys, priced SKUs, sealed
codes.

Owns the names (everything is called bench) and prints what an outside load generator needs. Refuses nothing:
called twice it makes a second set.
"""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from kamao.business.engine_tools import tools_for
from kamao.business.identity import api_keys, audit
from kamao.business.identity.operations import register_organisation
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.engine.pool import CellPool, Connection
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot

_FUNDS_MINOR = 10**12
_CHUNK = 5_000


class Prepared(msgspec.Struct, frozen=True):
    """A ready set: one key per merchant and the SKUs' codes; the ids serve the measures that work below
    HTTP.
    """

    base_url: str
    keys: list[str]
    skus: list[str]
    merchants: list[UUID]
    supplier: UUID
    offers: list[UUID]


def prepare(pool: CellPool, base_url: str, *, merchants: int, skus: int, codes: int) -> Prepared:
    """Make merchants with money and a live key each, and SKUs with ``codes`` sealed codes in all."""
    at = datetime.now(UTC)
    tag = secrets.token_hex(3)
    scopes = ("orders:write", "orders:read", "codes:read")
    keys, owners = [], []
    for number in range(merchants):
        name = f"bench {tag} {number}"
        owner = register_organisation(
            kind="merchant", legal_name=name, display_name=name, actor=audit.SYSTEM, at=at
        )
        wish = api_keys.KeyWish(label="bench", cell=LIVE.number, scopes=scopes)
        owners.append(owner.id)
        keys.append(api_keys.create_api_key(owner, wish=wish, actor=audit.SYSTEM, at=at).raw)
    supplier = register_organisation(
        kind="supplier", legal_name=f"bench {tag}", display_name=f"bench {tag}", actor=audit.SYSTEM, at=at
    )
    with pool.transaction() as connection:
        names, offers = _goods(connection, supplier.id, owners, count=skus, tag=tag, at=at)
    for offer, sku in offers:
        stock(pool, offer=offer, sku=sku, supplier=supplier.id, count=codes // skus)
    return Prepared(base_url, keys, names, owners, supplier.id, [offer for offer, _ in offers])


def _goods(
    connection: Connection, supplier: UUID, owners: list[UUID], *, count: int, tag: str, at: datetime
) -> tuple[list[str], list[tuple[UUID, UUID]]]:
    tools = tools_for(LIVE)
    transfer(
        connection,
        [
            Transfer(f"bench:{owner}", "wallet_topup", cash("bench", "CNY"), wallet(owner), _FUNDS_MINOR)
            for owner in owners
        ],
        at=at,
        ids=tools.ids,
    )
    ids = tools.ids.many(2 * count)
    names = [f"bench-{tag}-{number}" for number in range(count)]
    put_skus(
        connection,
        [SkuUpsert(id=key, code=name, kind="code") for key, name in zip(ids[:count], names, strict=True)],
        at=at,
    )
    pairs = list(zip(ids[count:], ids[:count], strict=True))
    put_offers(
        connection,
        [
            OfferUpsert(id=offer, supplier=supplier, sku=sku, supply_price_e4=100_000 + 7 * place)
            for place, (offer, sku) in enumerate(pairs)
        ],
        at=at,
    )
    rules = [
        PriceRule(
            audience_kind="template",
            target_kind="sku",
            target=sku,
            effective_from=at - timedelta(seconds=1),
            markup_per_mille=30,
        )
        for _, sku in pairs
    ]
    put_rules(connection, rules)
    return names, pairs


def stock(pool: CellPool, *, offer: UUID, sku: UUID, supplier: UUID, count: int) -> None:
    """Import fresh random codes for an offer."""
    tools = tools_for(LIVE)
    at = datetime.now(UTC)
    lot = tools.ids.new()
    with pool.transaction() as connection:
        open_lots(
            connection, [NewLot(lot, offer, supplier, sku, source="bench")], at=at, keyring=tools.keyring
        )
    for start in range(0, count, _CHUNK):
        fresh = [NewCode("", secrets.token_hex(10)) for _ in range(min(_CHUNK, count - start))]
        with pool.transaction() as connection:
            import_codes(connection, lot, fresh, at=at, ids=tools.ids, keyring=tools.keyring)
