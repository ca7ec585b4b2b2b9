"""`./kamao bench --prepare` on a node that is already running."""

from django.conf import settings

from kamao.engine.cells import LIVE
from kamao.engine.pool import CellPool
from kamao.runtime.bench.prepare import Prepared, prepare


def prepare_running(base_url: str, *, merchants: int, skus: int, codes: int) -> Prepared:
    """Make the set through the node's own database."""
    pool = CellPool(settings.KAMAO_CONNINFO, LIVE, size=2)
    try:
        return prepare(pool, base_url, merchants=merchants, skus=skus, codes=codes)
    finally:
        pool.close()
