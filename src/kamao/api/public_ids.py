"""Public ids: which prefix stands for which kind of row. Refuses ids of another kind: they name nothing
here.
"""

from typing import Final
from uuid import UUID

from kamao.api.errors import missing
from kamao.kernel import ids

ORDER: Final = "ord"
ITEM: Final = "itm"
ENTRY: Final = "wle"
TOPUP: Final = "top"
LISTING: Final = "lst"
ENDPOINT: Final = "whe"
EVENT: Final = "evt"
API_KEY: Final = "key"
OFFER: Final = "ofr"
LOT: Final = "lot"
IMPORT: Final = "imp"
FULFILMENT: Final = "ful"
SETTLEMENT: Final = "stl"
PAYOUT: Final = "pyo"
PURCHASE: Final = "pur"
CATEGORY: Final = "cat"
SUPPLIER: Final = "sup"


def read_id(prefix: str, text: str, *, thing: str) -> UUID:
    """Return the id behind its public form. Raises Refusal ``<thing>_not_found``: what is no id names
    nothing.
    """
    value = ids.decode(prefix, text)
    if value is None:
        raise missing(thing)
    return value
