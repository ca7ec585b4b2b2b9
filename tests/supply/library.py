"""The sample library of the tests, read from the sample catalogue, independent of the database."""

import csv
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid5

from kamao.business.supply.sheets.library import LibrarySku

DATA = Path(__file__).parent / "data"
TRUTH = Path(__file__).parent / "truth"
_SPACE = UUID("0193a000-0000-7000-8000-000000000000")


def sample_library() -> list[LibrarySku]:
    with (DATA / "catalogue.csv").open(encoding="utf-8") as source:
        return [
            LibrarySku(
                id=uuid5(_SPACE, f"{row['product']}|{row['variant']}"),
                code=f"{row['product']}|{row['variant']}",
                brand=row["brand"],
                product=row["product"],
                variant=row["variant"],
                kind=row["kind"],
                region=row["region"],
                official_price_e4=int(Decimal(row["official_price"]) * 10_000),
            )
            for row in csv.DictReader(source)
        ]


def truth(name: str) -> list[dict[str, str]]:
    with (TRUTH / name).open(encoding="utf-8") as source:
        return list(csv.DictReader(source))
