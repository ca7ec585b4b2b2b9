"""The synchronous client. Owns the connection and the repeating of calls; what the calls are is in
``_calls``.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

import httpx

from kamao_client import _calls, types
from kamao_client._http import PREFIX, Attempts, Call, read_answer
from kamao_client.errors import ApiError, ConnectionFailed

T = TypeVar("T")
C = TypeVar("C")

USER_AGENT = "kamao-client/1"
PAGE_LIMIT = 100


class Client:
    """Everything that a key may do. Use as a context manager, or call ``close``. Safe for threads.

    ``base_url`` is the node's address without ``/api/v1``; ``language`` is the one of error texts and names;
    ``timeout_s`` is for one attempt, ``retry_for_s`` for a call with all its attempts.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        language: str = "zh-CN",
        timeout_s: float = 10.0,
        retry_for_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._retry_for_s = retry_for_s
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + PREFIX,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Accept-Language": language,
                "User-Agent": USER_AGENT,
            },
            timeout=timeout_s,
            transport=transport,
        )
        self.catalogue = Catalogue(self)
        self.orders = Orders(self)
        self.wallet = Wallet(self)
        self.webhooks = Webhooks(self)
        self.supply = Supply(self)
        self.keys = Keys(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a call, repeating it as its kind allows, and return its answer."""
        attempts = Attempts(call, retry_for_s=self._retry_for_s, now_s=time.monotonic())
        while True:
            try:
                response = self._http.request(
                    call.method, call.path, params=call.query, content=call.body, headers=call.headers()
                )
                return read_answer(
                    call, status=response.status_code, headers=response.headers, content=response.content
                )
            except httpx.TransportError as error:
                failed = ConnectionFailed(f"{call.method} {call.path}: {type(error).__name__}")
                pause_s = attempts.pause_after(failed, now_s=time.monotonic())
            except ApiError as error:
                pause_s = attempts.pause_after(error, now_s=time.monotonic())
            self._sleep(pause_s)

    def pages(self, call: Callable[[C | None], Call[types.Page[T]]], cursor: Callable[[T], C]) -> Iterator[T]:
        """Yield what a list holds, reading one page after another; ``cursor`` names an item."""
        after = None
        while True:
            page = self.send(call(after))
            yield from page.data
            if not page.has_more or not page.data:
                return
            after = cursor(page.data[-1])


class _Part:
    """A group of calls of a client."""

    def __init__(self, client: Client) -> None:
        self._client = client


class Catalogue(_Part):
    """What can be bought, at your price."""

    def skus(
        self,
        *,
        category: str | None = None,
        scene: str | None = None,
        q: str | None = None,
        kind: str | None = None,
        in_stock: bool | None = None,
    ) -> Iterator[types.Sku]:
        """Every SKU that fits, page by page as they are read."""
        return self._client.pages(
            lambda after: _calls.skus(
                category=category,
                scene=scene,
                q=q,
                kind=kind,
                in_stock=in_stock,
                limit=PAGE_LIMIT,
                starting_after=after,
            ),
            lambda last: last.sku,
        )

    def sku(self, code: str) -> types.Sku:
        """One SKU."""
        return self._client.send(_calls.sku(code))

    def categories(self) -> list[types.Category]:
        """The category tree, parents before their children."""
        return self._client.send(_calls.categories()).data

    def scenes(self) -> list[types.Scene]:
        """Every scene."""
        return self._client.send(_calls.scenes()).data

    def quote(
        self,
        sku: str,
        quantity: int = 1,
        *,
        target: dict[str, str] | None = None,
        sales_channel: str | None = None,
        retail_unit_price_decimal: str | None = None,
    ) -> types.Quote:
        """What an order would cost now and whether it would be accepted; nothing is reserved."""
        return self._client.send(
            _calls.quote(
                sku, quantity, target=target, sales_channel=sales_channel,
                retail_unit_price_decimal=retail_unit_price_decimal,
            )
        )  # fmt: skip


class Orders(_Part):
    """Buying."""

    def buy(
        self,
        sku: str,
        quantity: int,
        reference: str,
        *,
        target: dict[str, str] | None = None,
        max_amount: int | None = None,
        metadata: dict[str, str] | None = None,
    ) -> types.Order:
        """Place an order and return it; after a lost answer, repeat the reference until the outcome is known.

        Raises a subclass of ApiError where the order is refused (then nothing was bought), and
        OutcomeUnknown where no answer came in time: buy again with the same reference later.
        """
        order = types.OrderRequest(
            sku, quantity, reference, target=target, max_amount=max_amount, metadata=metadata
        )
        return self.place(order)

    def place(self, order: types.OrderRequest) -> types.Order:
        """Like ``buy``, with every field there is."""
        return self._client.send(_calls.create_order(order))

    def place_many(self, orders: Sequence[types.OrderRequest]) -> list[types.BatchResult]:
        """Place up to 1000 orders in one request; each is answered by itself, in order."""
        return self._client.send(_calls.create_orders(orders)).results

    def get(self, order_id: str) -> types.Order:
        """One order with its deliveries."""
        return self._client.send(_calls.order(order_id))

    def find(self, reference: str) -> types.Order | None:
        """The order of a reference, without its codes; None where there is none."""
        return next(self.list(reference=reference), None)

    def list(
        self,
        *,
        reference: str | None = None,
        channel_order_no: str | None = None,
        target: dict[str, str] | None = None,
        sku: str | None = None,
        state: str | None = None,
        created_from: datetime | None = None,
        created_until: datetime | None = None,
    ) -> Iterator[types.Order]:
        """Every order that fits, newest first, without codes."""
        return self._client.pages(
            lambda after: _calls.orders(
                reference=reference,
                channel_order_no=channel_order_no,
                target=target,
                sku=sku,
                state=state,
                created_from=created_from,
                created_until=created_until,
                limit=PAGE_LIMIT,
                starting_after=after,
            ),
            lambda last: last.id,
        )

    def cancel(
        self, order_id: str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> types.Order:
        """Cancel an order that nobody has been asked to supply yet."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.cancel_order(order_id, reason=reason, key=key))


class Wallet(_Part):
    """Your prepaid balance."""

    def get(self) -> types.Wallet:
        """The balance now."""
        return self._client.send(_calls.wallet())

    def entries(self) -> Iterator[types.StatementEntry]:
        """Every line of the statement, newest first."""
        return self._client.pages(
            lambda after: _calls.wallet_entries(limit=PAGE_LIMIT, starting_after=after),
            lambda last: last.entry_no,
        )


class Webhooks(_Part):
    """Endpoints and events. To check what arrives, see ``kamao_client.webhooks.verify``."""

    def endpoints(self) -> Iterator[types.WebhookEndpoint]:
        """Your endpoints, newest first."""
        return self._client.pages(
            lambda after: _calls.endpoints(limit=PAGE_LIMIT, starting_after=after), lambda last: last.id
        )

    def create(
        self,
        url: str,
        *,
        events: Sequence[str] = (),
        description: str = "",
        idempotency_key: str | None = None,
    ) -> types.WebhookEndpoint:
        """Add an endpoint. ``secret`` of the answer is shown this once; without ``events`` it gets every
        event.
        """
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.create_endpoint(url, events=events, description=description, key=key))

    def rotate(
        self, endpoint_id: str, *, overlap_s: int = 86_400, idempotency_key: str | None = None
    ) -> types.WebhookEndpoint:
        """Give an endpoint a new secret; the old one signs beside it for ``overlap_s``."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.rotate_endpoint(endpoint_id, overlap_s=overlap_s, key=key))

    def delete(self, endpoint_id: str) -> None:
        """Remove an endpoint."""
        self._client.send(_calls.delete_endpoint(endpoint_id))

    def events(self, *, event_type: str | None = None) -> Iterator[types.Event]:
        """Your events, newest first."""
        return self._client.pages(
            lambda after: _calls.events(event_type=event_type, limit=PAGE_LIMIT, starting_after=after),
            lambda last: last.id,
        )

    def redeliver(self, event_id: str, *, idempotency_key: str | None = None) -> types.Redelivery:
        """Send an event again, under its own id."""
        return self._client.send(_calls.redeliver(event_id, key=idempotency_key or _calls.fresh_key()))


class Keys(_Part):
    """API keys of your organisation, in the mode of the key in use."""

    def list(self) -> Iterator[types.ApiKey]:
        """Every key, newest first."""
        return self._client.pages(
            lambda after: _calls.keys(limit=PAGE_LIMIT, starting_after=after), lambda last: last.id
        )

    def create(
        self,
        label: str,
        *,
        scopes: Sequence[str],
        ip_networks: Sequence[str] = (),
        expires_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> types.ApiKey:
        """Make a key with some of the scopes of the one in use. ``key`` of the answer is shown this once."""
        return self._client.send(
            _calls.create_key(
                label,
                scopes=scopes,
                ip_networks=ip_networks,
                expires_at=expires_at,
                key=idempotency_key or _calls.fresh_key(),
            )
        )

    def revoke(self, key_id: str) -> None:
        """Revoke a key; it is refused everywhere within 5 seconds."""
        self._client.send(_calls.revoke_key(key_id))


class Supply(_Part):
    """A supplier's offers, codes and fulfilments by hand."""

    def put_offers(self, offers: Sequence[types.OfferUpsert]) -> list[types.OfferResult]:
        """Create or change up to 5000 offers by your own item numbers; each is answered by itself."""
        return self._client.send(_calls.put_offers(offers)).results

    def offers(self) -> Iterator[types.Offer]:
        """Your offers, newest first."""
        return self._client.pages(
            lambda after: _calls.offers(limit=PAGE_LIMIT, starting_after=after), lambda last: last.id
        )

    def add_codes(
        self, offer_id: str, codes: Sequence[types.Code], *, idempotency_key: str | None = None
    ) -> types.CodesAnswer:
        """Put up to 10 000 codes in stock; duplicates are counted, never stored twice."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.add_codes(offer_id, codes, key=key))

    def stream_codes(
        self, offer_id: str, codes: Sequence[types.Code], *, idempotency_key: str | None = None
    ) -> types.CodesAnswer:
        """Put any number of codes in stock in one request (NDJSON)."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.stream_codes(offer_id, codes, key=key))

    def settlements(self) -> Iterator[types.StatementEntry]:
        """Every line of what is owed to you, newest first."""
        return self._client.pages(
            lambda after: _calls.settlements(limit=PAGE_LIMIT, starting_after=after),
            lambda last: last.entry_no,
        )

    def lots(self) -> Iterator[types.Lot]:
        """Your imports of codes, newest first."""
        return self._client.pages(
            lambda after: _calls.lots(limit=PAGE_LIMIT, starting_after=after), lambda last: last.id
        )

    def recall_lot(self, lot_id: str, *, idempotency_key: str | None = None) -> types.Recall:
        """Take a lot's unsold codes off sale."""
        return self._client.send(_calls.recall_lot(lot_id, key=idempotency_key or _calls.fresh_key()))

    def fulfilments(self) -> Iterator[types.Fulfilment]:
        """What waits to be supplied by hand, oldest first."""
        return self._client.pages(
            lambda after: _calls.fulfilments(limit=PAGE_LIMIT, starting_after=after), lambda last: last.id
        )

    def succeed(
        self,
        fulfilment_id: str,
        receipts: Sequence[types.Receipt],
        *,
        upstream_no: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.FulfilmentAnswer:
        """Report supplied units; fewer than ordered refunds the rest."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.succeed(fulfilment_id, receipts, upstream_no=upstream_no, key=key))

    def fail(
        self, fulfilment_id: str, *, reason: str, idempotency_key: str | None = None
    ) -> types.FulfilmentAnswer:
        """Report that it cannot be supplied."""
        key = idempotency_key or _calls.fresh_key()
        return self._client.send(_calls.fail(fulfilment_id, reason=reason, key=key))
