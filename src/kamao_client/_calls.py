"""Every call of the API, written once: the sync and the async client both send what is described here."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from kamao_client import types
from kamao_client._http import Call, encode, query_of, segment


def fresh_key() -> str:
    """Return a new idempotency key, for calls whose caller gave none."""
    return str(uuid.uuid4())


# catalogue


def skus(
    *,
    category: str | None,
    scene: str | None,
    q: str | None,
    kind: str | None,
    in_stock: bool | None,
    limit: int,
    starting_after: str | None,
) -> Call[types.Page[types.Sku]]:
    query = query_of(
        category=category,
        scene=scene,
        q=q,
        kind=kind,
        in_stock=in_stock,
        limit=limit,
        starting_after=starting_after,
    )
    return Call(method="GET", path="/catalogue/skus", query=query, answer=types.Page[types.Sku])


def sku(code: str) -> Call[types.Sku]:
    return Call(method="GET", path=f"/catalogue/skus/{segment(code)}", answer=types.Sku)


def categories() -> Call[types.Page[types.Category]]:
    return Call(method="GET", path="/categories", answer=types.Page[types.Category])


def scenes() -> Call[types.Page[types.Scene]]:
    return Call(method="GET", path="/scenes", answer=types.Page[types.Scene])


def quote(
    code: str,
    quantity: int,
    *,
    target: dict[str, str] | None,
    sales_channel: str | None,
    retail_unit_price_decimal: str | None,
) -> Call[types.Quote]:
    wanted = {
        "sku": code,
        "quantity": quantity,
        "target": target,
        "sales_channel": sales_channel,
        "retail_unit_price_decimal": retail_unit_price_decimal,
    }
    body = encode({name: value for name, value in wanted.items() if value is not None})
    return Call(method="POST", path="/quotes", body=body, answer=types.Quote, writes=False)


# orders


def create_order(order: types.OrderRequest) -> Call[types.Order]:
    return Call(
        method="POST", path="/orders", body=encode(order), answer=types.Order, reference=order.reference
    )


def create_orders(orders: Sequence[types.OrderRequest]) -> Call[types.Results[types.BatchResult]]:
    return Call(
        method="POST",
        path="/orders/batch",
        body=encode({"orders": list(orders)}),
        answer=types.Results[types.BatchResult],
        reference=f"{orders[0].reference} and {len(orders) - 1} more" if orders else "none",
    )


def order(order_id: str) -> Call[types.Order]:
    return Call(method="GET", path=f"/orders/{segment(order_id)}", answer=types.Order)


def orders(
    *,
    reference: str | None,
    channel_order_no: str | None,
    target: dict[str, str] | None,
    sku: str | None,
    state: str | None,
    created_from: datetime | None,
    created_until: datetime | None,
    limit: int,
    starting_after: str | None,
) -> Call[types.Page[types.Order]]:
    query = query_of(
        reference=reference,
        channel_order_no=channel_order_no,
        target=None if target is None else encode(target).decode(),
        sku=sku,
        state=state,
        created_from=None if created_from is None else created_from.isoformat(),
        created_until=None if created_until is None else created_until.isoformat(),
        limit=limit,
        starting_after=starting_after,
    )
    return Call(method="GET", path="/orders", query=query, answer=types.Page[types.Order])


def cancel_order(order_id: str, *, reason: str | None, key: str) -> Call[types.Order]:
    return Call(
        method="POST",
        path=f"/orders/{segment(order_id)}/cancel",
        body=encode({} if reason is None else {"reason": reason}),
        answer=types.Order,
        idempotency_key=key,
    )


# wallet


def wallet() -> Call[types.Wallet]:
    return Call(method="GET", path="/wallet", answer=types.Wallet)


def wallet_entries(*, limit: int, starting_after: int | None) -> Call[types.Page[types.StatementEntry]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/wallet/entries", query=query, answer=types.Page[types.StatementEntry])


# webhooks


def endpoints(*, limit: int, starting_after: str | None) -> Call[types.Page[types.WebhookEndpoint]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(
        method="GET", path="/webhook-endpoints", query=query, answer=types.Page[types.WebhookEndpoint]
    )


def create_endpoint(
    url: str, *, events: Sequence[str], description: str, key: str
) -> Call[types.WebhookEndpoint]:
    body = encode({"url": url, "events": list(events), "description": description})
    return Call(
        method="POST",
        path="/webhook-endpoints",
        body=body,
        answer=types.WebhookEndpoint,
        idempotency_key=key,
    )


def rotate_endpoint(endpoint_id: str, *, overlap_s: int, key: str) -> Call[types.WebhookEndpoint]:
    return Call(
        method="POST",
        path=f"/webhook-endpoints/{segment(endpoint_id)}/rotate",
        body=encode({"overlap_s": overlap_s}),
        answer=types.WebhookEndpoint,
        idempotency_key=key,
    )


def delete_endpoint(endpoint_id: str) -> Call[None]:
    return Call(method="DELETE", path=f"/webhook-endpoints/{segment(endpoint_id)}", answer=type(None))


def events(
    *, event_type: str | None, limit: int, starting_after: str | None
) -> Call[types.Page[types.Event]]:
    query = query_of(type=event_type, limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/events", query=query, answer=types.Page[types.Event])


def redeliver(event_id: str, *, key: str) -> Call[types.Redelivery]:
    return Call(
        method="POST",
        path=f"/events/{segment(event_id)}/redeliver",
        answer=types.Redelivery,
        idempotency_key=key,
    )


# API keys


def keys(*, limit: int, starting_after: str | None) -> Call[types.Page[types.ApiKey]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/api-keys", query=query, answer=types.Page[types.ApiKey])


def create_key(
    label: str,
    *,
    scopes: Sequence[str],
    ip_networks: Sequence[str],
    expires_at: datetime | None,
    key: str,
) -> Call[types.ApiKey]:
    body = encode(
        {
            "label": label,
            "scopes": list(scopes),
            "ip_networks": list(ip_networks),
            "expires_at": expires_at,
        }
    )
    return Call(method="POST", path="/api-keys", body=body, answer=types.ApiKey, idempotency_key=key)


def revoke_key(key_id: str) -> Call[None]:
    return Call(method="DELETE", path=f"/api-keys/{segment(key_id)}", answer=type(None))


# supply


def put_offers(offers: Sequence[types.OfferUpsert]) -> Call[types.Results[types.OfferResult]]:
    return Call(
        method="PUT",
        path="/supply/offers",
        body=encode({"offers": list(offers)}),
        answer=types.Results[types.OfferResult],
    )


def offers(*, limit: int, starting_after: str | None) -> Call[types.Page[types.Offer]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/supply/offers", query=query, answer=types.Page[types.Offer])


def add_codes(offer_id: str, codes: Sequence[types.Code], *, key: str) -> Call[types.CodesAnswer]:
    return Call(
        method="POST",
        path=f"/supply/offers/{segment(offer_id)}/codes",
        body=encode({"codes": list(codes)}),
        answer=types.CodesAnswer,
        idempotency_key=key,
    )


def stream_codes(offer_id: str, codes: Sequence[types.Code], *, key: str) -> Call[types.CodesAnswer]:
    return Call(
        method="POST",
        path=f"/supply/offers/{segment(offer_id)}/codes/stream",
        body=b"\n".join([encode(code) for code in codes]),
        content_type="application/x-ndjson",
        answer=types.CodesAnswer,
        idempotency_key=key,
    )


def settlements(*, limit: int, starting_after: int | None) -> Call[types.Page[types.StatementEntry]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(
        method="GET", path="/supply/settlements", query=query, answer=types.Page[types.StatementEntry]
    )


def lots(*, limit: int, starting_after: str | None) -> Call[types.Page[types.Lot]]:
    query = query_of(limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/supply/lots", query=query, answer=types.Page[types.Lot])


def recall_lot(lot_id: str, *, key: str) -> Call[types.Recall]:
    return Call(
        method="POST", path=f"/supply/lots/{segment(lot_id)}/recall", answer=types.Recall, idempotency_key=key
    )


def fulfilments(*, limit: int, starting_after: str | None) -> Call[types.Page[types.Fulfilment]]:
    query = query_of(state="open", limit=limit, starting_after=starting_after)
    return Call(method="GET", path="/supply/fulfilments", query=query, answer=types.Page[types.Fulfilment])


def succeed(
    fulfilment_id: str, receipts: Sequence[types.Receipt], *, upstream_no: str | None, key: str
) -> Call[types.FulfilmentAnswer]:
    body: dict[str, object] = {"receipts": list(receipts)}
    if upstream_no is not None:
        body["upstream_no"] = upstream_no
    return Call(
        method="POST",
        path=f"/supply/fulfilments/{segment(fulfilment_id)}/succeed",
        body=encode(body),
        answer=types.FulfilmentAnswer,
        idempotency_key=key,
    )


def fail(fulfilment_id: str, *, reason: str, key: str) -> Call[types.FulfilmentAnswer]:
    return Call(
        method="POST",
        path=f"/supply/fulfilments/{segment(fulfilment_id)}/fail",
        body=encode({"reason": reason}),
        answer=types.FulfilmentAnswer,
        idempotency_key=key,
    )
