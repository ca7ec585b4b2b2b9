"""Sizes that hold everywhere. Owns the numbers; whoever checks one imports it from here."""

from typing import Final

ORDER_QUANTITY_MAX: Final = 1_000
BATCH_ORDERS_MAX: Final = 1_000
REFERENCE_PATTERN: Final = r"[\x21-\x7E]{1,64}"
BODY_BYTES_MAX: Final = 1 << 20
METADATA_BYTES_MAX: Final = 4_096
TARGET_BYTES_MAX: Final = 2_048
CODES_JSON_MAX: Final = 10_000
OFFERS_UPSERT_MAX: Final = 5_000
LIST_LIMIT_MAX: Final = 100
CODE_TEXT_MAX: Final = 512
"""Characters of a code's number or secret."""
