"""The typed Python client of Kamao's open API: ``Client`` (blocking) and ``AsyncClient``.

Imports nothing of the server. Refuses to hide an unknown outcome: buying repeats the same reference until
the API has said what became of it, or raises ``OutcomeUnknown``.
"""

from kamao_client import errors, types, webhooks
from kamao_client.async_client import AsyncClient
from kamao_client.client import Client
from kamao_client.errors import (
    ApiError,
    ConnectionFailed,
    InsufficientBalance,
    KamaoError,
    NotFound,
    OutcomeUnknown,
    OutOfStock,
    PriceAboveLimit,
    ReferenceConflict,
    SignatureInvalid,
)
from kamao_client.types import Code, OfferUpsert, Order, OrderRequest, Receipt, Sku
from kamao_client.webhooks import Event, verify

__all__ = [
    "ApiError", "AsyncClient", "Client", "Code", "ConnectionFailed", "Event", "InsufficientBalance",
    "KamaoError", "NotFound", "OfferUpsert", "Order", "OrderRequest", "OutOfStock",
    "OutcomeUnknown", "PriceAboveLimit", "Receipt", "ReferenceConflict", "SignatureInvalid", "Sku",
    "errors", "types", "verify", "webhooks",
]  # fmt: skip
