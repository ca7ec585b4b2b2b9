"""What the API's tests trade with, made through the same operations as everything else."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kamao.api.services import CellServices, Services
from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.models import Sku
from kamao.business.catalog.rows import LibraryRow
from kamao.business.catalog.templates import ensure_templates
from kamao.business.identity.api_keys import SCOPES_BY_KIND, KeyWish, create_api_key
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Organisation, OrganisationKind
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.queries import balance
from kamao.engine.ledger.types import Transfer
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.engine.trade.operations import register_merchants, register_suppliers
from kamao.engine.trade.types import MerchantSpec, SupplierSpec
from kamao.kernel.ids import RandomIds, new_uuid7

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass
class Party:
    """An organisation with a key; `id` is the engine's id too."""

    organisation: Organisation
    key: str
    cell: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.organisation.id


@dataclass
class Goods:
    """A SKU with its one offer."""

    code: str
    sku: UUID
    offer: UUID
    supplier: UUID
    lot: UUID


class World:
    """Makes parties and goods in the database of the tests."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.ids = RandomIds(0)
        self.supplier = self.make_supplier()

    def now(self) -> datetime:
        return self.services.clock.now()

    def cell(self, number: int = 0) -> CellServices:
        return self.services.cells[number]

    def organisation(self, kind: str) -> Organisation:
        name = f"{kind} {next(_numbers)}"
        return Organisation.objects.create(
            kind=kind, legal_name=name, display_name=name, created_at=self.now()
        )

    def key_for(self, organisation: Organisation, *, cell: int = 0, **wish: Any) -> str:
        scopes = wish.pop("scopes", SCOPES_BY_KIND[organisation.kind])
        asked = KeyWish(label="test", cell=cell, scopes=tuple(scopes), **wish)
        return create_api_key(organisation, wish=asked, actor=SYSTEM, at=self.now()).raw

    def make_supplier(self, *, cell: int = 0) -> Party:
        organisation = self.organisation(OrganisationKind.SUPPLIER)
        with self.cell(cell).pool.transaction() as connection:
            register_suppliers(connection, [SupplierSpec(organisation.id)], at=self.now())
        return Party(organisation, self.key_for(organisation, cell=cell), cell)

    def merchant(self, *, balance_minor: int = 0, cell: int = 0, level: int = 0, **wish: Any) -> Party:
        organisation = self.organisation(OrganisationKind.MERCHANT)
        with self.cell(cell).pool.transaction() as connection:
            register_merchants(connection, [MerchantSpec(organisation.id, level=level)], at=self.now())
        if balance_minor:
            self.fund(organisation.id, balance_minor, cell=cell)
        return Party(organisation, self.key_for(organisation, cell=cell, **wish), cell)

    def fund(self, merchant: UUID, amount_minor: int, *, cell: int = 0) -> None:
        wanted = Transfer(
            f"test-topup-{next(_numbers)}", "topup", cash("test", "CNY"), wallet(merchant), amount_minor
        )
        with self.cell(cell).pool.transaction() as connection:
            done = transfer(connection, [wanted], at=self.now(), ids=self.ids)
        assert done[0].outcome == "created"

    def goods(
        self,
        *,
        price_e4: int = 145_000,
        codes: int = 0,
        kind: str = "code",
        cell: int = 0,
        supplier: Party | None = None,
        **sku: Any,
    ) -> Goods:
        """A SKU at a fixed wholesale price with an offer at 90 % of it and freshly imported codes."""
        number = next(_numbers)
        owner = (supplier or self.supplier).id
        made = Goods(f"sku-{number}", new_uuid7(), new_uuid7(), owner, new_uuid7())
        at = self.now()
        with self.cell(cell).pool.transaction() as connection:
            assert put_skus(
                connection, [SkuUpsert(id=made.sku, code=made.code, kind=kind, **sku)], at=at
            ) == ["done"]
        self._offer(made, price_e4=price_e4, kind=kind, cell=cell)
        if codes:
            self.stock(made, codes, cell=cell)
        return made

    def _offer(self, made: Goods, *, price_e4: int, kind: str, cell: int) -> None:
        at = self.now()
        fulfilment = "stock" if kind == "code" else "manual"
        with self.cell(cell).pool.transaction() as connection:
            offer = OfferUpsert(
                id=made.offer, supplier=made.supplier, sku=made.sku, supply_price_e4=price_e4 * 9 // 10,
                fulfilment=fulfilment, effective_from=LONG_AGO,
            )  # fmt: skip
            assert put_offers(connection, [offer], at=at) == ["done"]
            rule = PriceRule(
                audience_kind="default",
                target_kind="sku",
                target=made.sku,
                fixed_e4=price_e4,
                effective_from=LONG_AGO,
            )
            put_rules(connection, [rule])

    def stock(self, goods: Goods, count: int, *, cell: int = 0) -> list[str]:
        """Import codes with known secrets; return the secrets."""
        at = self.now()
        prefix = f"SECRET-{next(_numbers)}-"
        codes = [
            NewCode(f"NO{number:06}", f"{prefix}{number:06}", at + timedelta(days=365))
            for number in range(count)
        ]
        with self.cell(cell).pool.transaction() as connection:
            lot = NewLot(goods.lot, goods.offer, goods.supplier, goods.sku)
            assert open_lots(connection, [lot], at=at, keyring=self.services.keyring)[0] in {
                "created",
                "repeated",
            }
            done = import_codes(
                connection, goods.lot, codes, at=at, ids=self.ids, keyring=self.services.keyring
            )
        assert done == ["imported"] * count
        return [code.secret for code in codes]

    def balance(self, merchant: UUID, *, cell: int = 0) -> int:
        with self.cell(cell).pool.transaction() as connection:
            return balance(connection, wallet(merchant)).balance_minor

    def listed(self, row: LibraryRow, *, price_e4: int = 145_000, codes: int = 0, cell: int = 0) -> Goods:
        """A SKU of the standard library, published to the engine, with an offer, a price and codes."""
        ensure_templates()
        load_rows([row], at=self.now())
        sku = Sku.objects.get(code=row.code)
        made = Goods(row.code, sku.id, new_uuid7(), self.supplier.id, new_uuid7())
        self._offer(made, price_e4=price_e4, kind=row.kind, cell=cell)
        if codes:
            self.stock(made, codes, cell=cell)
        return made
