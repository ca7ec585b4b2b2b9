"""The shapes of ASGI, named once, and of what answers before it."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Wire(Protocol):
    """What answers orders at the socket: ``kamao.api.orders_wire.WireOrders``, seen without importing the
    API.
    """

    @property
    def heads(self) -> Mapping[bytes, Any]:
        """Known heads by their bytes."""
        ...

    def learn(self, head: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember a head that the parser has read."""
        ...

    def place(self, head: Any, body: bytes, reply: Callable[[int, bytes], None]) -> bool:
        """Queue an order, or decline it."""
        ...
