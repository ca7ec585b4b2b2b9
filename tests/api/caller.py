"""Calls the API's ASGI application from ordinary test functions, lifespan included, on an event loop of its
own thread.
"""

import asyncio
import threading
from typing import Any, Self

import httpx

from kamao.api.app import create_app
from kamao.api.services import Services
from tests.api.contract_check import ContractCheck


class Api:
    """One application with its event loop; `call` is safe from several threads at once."""

    def __init__(self, services: Services, *, express: bool = True) -> None:
        self.app = create_app(services, express=express)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._outbox: asyncio.Queue[Any] = asyncio.Queue()
        self._client: httpx.AsyncClient | None = None
        self._life: Any = None
        self._contract: ContractCheck | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._life = self.run_soon(self.app(scope, self._inbox.get, self._outbox.put))
        self.run(self._say("startup"))
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 40_000))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._client is not None
        self.run(self._client.aclose())
        self.run(self._say("shutdown"))
        self._life.result(timeout=20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=20)
        self.loop.close()

    def run_soon(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Any) -> Any:
        return self.run_soon(work).result(timeout=60)

    def call(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Send one request below /api/v1 (or an absolute path) with a key."""
        assert self._client is not None
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        url = path if path.startswith("/api/") else f"/api/v1{path}"
        answer: httpx.Response = self.run(self._client.request(method, url, headers=headers, **options))
        self.contract.check(method, answer.url.path, answer)
        return answer

    @property
    def contract(self) -> ContractCheck:
        """The OpenAPI document as a check of every answer."""
        if self._contract is None:
            assert self._client is not None
            self._contract = ContractCheck(self.run(self._client.get("/api/v1/openapi.json")).json())
        return self._contract

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.call("POST", path, **options)

    async def _say(self, what: str) -> None:
        await self._inbox.put({"type": f"lifespan.{what}"})
        answer = await self._outbox.get()
        assert answer["type"] == f"lifespan.{what}.complete", answer
