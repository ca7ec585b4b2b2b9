"""The header Idempotency-Key on ordinary POST routes: read, checked, and handed to the stored replies.

Refuses keys that are no visible ASCII text of at most 255 characters.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from litestar import Response

from kamao.api.errors import ParameterRefusal
from kamao.api.http import ApiRequest
from kamao.api.orders import encode_json
from kamao.business.idempotency.operations import Claim, Reply, fingerprint_of, once

HEADER: Final = "Idempotency-Key"
_FORM: Final = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


def key_of(request: ApiRequest) -> str | None:
    """Return the key of a request, quoted or bare. Raises Refusal ``invalid``."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ParameterRefusal(
            [(HEADER, "应为 1–255 个可见 ASCII 字符", "Expected 1 to 255 visible ASCII characters")]
        )
    return match.group(1) or match.group(2)


async def effect(
    request: ApiRequest,
    work: Callable[[], Any],
    *,
    status: int = 201,
    kept: Callable[[Any], Any] | None = None,
) -> Response[Any]:
    """Run a write once per Idempotency-Key and answer with what it returns, a struct of the contract.

    ``work`` runs inside one database transaction. ``kept`` takes the secrets out of what is stored.
    """
    key = key_of(request)
    if key is None:
        return json_response(encode_json(await request.run(lambda: _in_transaction(work))), status)
    claim = Claim(
        request.key.organisation,
        request.key.cell,
        key,
        fingerprint_of(request.method, _address(request), await request.body()),
    )
    at = request.services.clock.now()

    def worked() -> Reply:
        made = work()
        body = encode_json(made)
        return Reply(status, body, body if kept is None else encode_json(kept(made)))

    reply = await request.run(lambda: once(claim, worked, at=at))
    response = json_response(reply.body, reply.status)
    if reply.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _address(request: ApiRequest) -> str:
    """Return the path, with the query where there is one: it says what the body is."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _in_transaction(work: Callable[[], Any]) -> Any:
    with transaction.atomic():
        return work()


def json_response(body: bytes, status: int = 200) -> Response[Any]:
    """Return encoded JSON as it is."""
    return Response(content=body, status_code=status, media_type="application/json")
