"""The SQL of this package by name. Owns loading; a statement is a file in `sql/`, named after its act."""

from importlib.resources import files
from typing import Final, LiteralString

_FOLDER = files("kamao.business.webhooks") / "sql"


def _read(name: str) -> LiteralString:
    return (_FOLDER / f"{name}.sql").read_text("utf-8")


CLAIM_DELIVERIES: Final = _read("claim_deliveries")
LOG_ATTEMPTS: Final = _read("log_attempts")
SETTLE_DELIVERIES: Final = _read("settle_deliveries")
RELEASE_DELIVERIES: Final = _read("release_deliveries")
RENEW_LEASES: Final = _read("renew_leases")
TAKE_BACK_EXPIRED: Final = _read("take_back_expired")
NOTE_ENDPOINTS: Final = _read("note_endpoints")
BRING_FORWARD: Final = _read("bring_forward")
READ_LISTENING: Final = _read("read_listening")
READ_ENDPOINTS: Final = _read("read_endpoints")
READ_NOTIFY_ADDRESSES: Final = _read("read_notify_addresses")
MAKE_ORDER_ENDPOINT: Final = _read("make_order_endpoint")
WRITE_MESSAGES: Final = _read("write_messages")
WRITE_DELIVERIES: Final = _read("write_deliveries")
PURGE: Final = _read("purge")
