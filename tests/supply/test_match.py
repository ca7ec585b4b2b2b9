"""Matching: every row of the sample sheets, rewritten rows that must match, spoilt rows that never may."""

from random import Random

import pytest

from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.match import RowTitle, match_row
from tests.supply.library import sample_library
from tests.supply.mutate import spell, spoil


@pytest.fixture(scope="module")
def library() -> list[LibrarySku]:
    return sample_library()


@pytest.fixture(scope="module")
def index(library: list[LibrarySku]) -> SkuIndex:
    return SkuIndex(library)


def test_every_sku_matches_its_own_name(library, index):
    for sku in library:
        assert match_row(RowTitle(name=f"{sku.brand} {sku.product} {sku.variant}"), index).sku == sku
        own = RowTitle(name=sku.product, spec=sku.variant, brand=sku.brand, kinds=frozenset({sku.kind}))
        assert match_row(own, index).sku == sku


@pytest.mark.parametrize("seed", range(4))
def test_rewritten_rows_match_by_themselves_and_never_wrongly(seed, library, index):
    rng = Random(seed)
    missed = []
    rows = [(sku, spell(sku, rng)) for sku in rng.choices(library, k=1000)]
    for sku, row in rows:
        match = match_row(row, index)
        assert match.sku is None or match.sku == sku, (row, match)
        if match.sku is None:
            missed.append((sku.title, row, match.reason))
    assert len(missed) <= 0.02 * len(rows), missed


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_rows_are_never_matched(seed, library, index):
    rng = Random(1000 + seed)
    for sku in rng.choices(library, k=1000):
        row = spoil(sku, rng)
        match = match_row(row, index)
        assert match.sku is None, (sku.title, row, match.sku and match.sku.title)
        assert match.reason != "matched"
