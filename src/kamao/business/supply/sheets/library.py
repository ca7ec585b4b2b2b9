"""The library as matching sees it: plain values, independent of how the catalogue is stored.

Owns `LibrarySku`, the one shape every source of SKUs is adapted to. Refuses database rows.
"""

from uuid import UUID

import msgspec


class LibrarySku(msgspec.Struct, frozen=True):
    """One sellable variant. ``names`` are further full titles (translations, aliases) of exactly this SKU.

    ``official_price_e4`` is in ``currency``; None where there is none. ``region`` is what the library says
    (中国大陆, a province, a country), empty where it does not matter.
    """

    id: UUID
    code: str
    brand: str
    product: str
    variant: str
    kind: str
    region: str = ""
    currency: str = "CNY"
    official_price_e4: int | None = None
    names: tuple[str, ...] = ()
    product_names: tuple[str, ...] = ()
    brand_names: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The SKU's full name for people."""
        return f"{self.product} {self.variant}".strip()
