"""The answer of a plain order as a form: the contract's own encoding of such an order, with holes.

Orders of one SKU at one price differ in their numbers, their code and the time, and in nothing else. Owns
filling those in; what stands between them is cut once from what ``order_of`` and the encoder made, so there
is no second place that knows the contract. Refuses orders that are anything but plain: they are encoded one
by one.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from kamao.api.contract.orders import Delivery
from kamao.api.orders import encode_json, order_of
from kamao.engine.stock.opening import open_delivery
from kamao.engine.trade.types import OrderView
from kamao.kernel import ids
from kamao.kernel.sealing import Keyring

_HOLES: Final = tuple(f"\x01{number}\x01" for number in range(9))
"""Strings that no field can hold: the contract allows no control characters."""
_FORMS_MAX: Final = 20_000
_forms: dict[tuple[Any, ...], list[bytes]] = {}


def order_json(view: OrderView, *, keyring: Keyring | None, target: dict[str, str] | None = None) -> bytes:
    """Return an order as its merchant sees it, encoded; its codes are opened only where a keyring is
    given.
    """
    if keyring is None or target is not None or not _is_plain(view):
        return encode_json(order_of(view, keyring=keyring, target=target))
    key = (
        view.sku, view.quantity, view.unit_price_e4, view.amount_minor, view.currency, view.state,
        view.intake, view.refunded_minor,
    )  # fmt: skip
    form = _forms.get(key)
    if form is None:
        if len(_forms) >= _FORMS_MAX:
            _forms.clear()
        form = _forms[key] = _form_of(view)
    delivered = view.deliveries[0]
    opened = open_delivery(keyring, delivered)
    at = _moment(view.created_at)
    return b"".join(
        (
            form[0], ids.encode("ord", view.id).encode(), form[1], encode_json(view.reference),
            form[2], ids.encode("itm", delivered.item).encode(), form[3], encode_json(opened.number or None),
            form[4], encode_json(opened.secret), form[5], _moment(delivered.expires_at),
            form[6], at, form[7], at, form[8], _moment(view.settles_at), form[9],
        )
    )  # fmt: skip


def _is_plain(view: OrderView) -> bool:
    """Tell whether an order is one code, delivered at once, with nothing said about it."""
    return (
        len(view.deliveries) == 1
        and view.delivered_quantity == 1
        and view.delivered_at == view.created_at
        and view.metadata_json is None
        and view.sales_channel is None
        and view.channel_order_no is None
        and view.message is None
        and not view.units_refunded
        and view.deliveries[0].kind == "code"
        and view.deliveries[0].sealed is not None
    )


def _form_of(view: OrderView) -> list[bytes]:
    """Return what stands before, between and behind the holes of an order like this one."""
    delivery = Delivery("code", _HOLES[2], _HOLES[3], _HOLES[4], True, _HOLES[5])  # type: ignore[arg-type]
    order = msgspec.structs.replace(
        order_of(view, keyring=None),
        id=_HOLES[0],
        reference=_HOLES[1],
        deliveries=[delivery],
        created_at=_HOLES[6],
        delivered_at=_HOLES[7],
        settles_at=_HOLES[8],
    )
    rest = encode_json(order)
    parts = []
    for number, hole in enumerate(_HOLES):
        mark = encode_json(hole)
        if number in (0, 2):
            # Ids are filled in without their quotes, which need no escaping.
            mark = mark[1:-1]
        part, found, rest = rest.partition(mark)
        assert found, "every hole is in the encoding, in the order of the contract's fields"
        parts.append(part)
    return [*parts, rest]


@lru_cache(maxsize=4_096)
def _moment(value: datetime | None) -> bytes:
    return encode_json(value)
