"""API keys: list, make, revoke. Refuses to give a key more than the calling one has."""

from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from kamao.api import public_ids
from kamao.api.contract.keys import ApiKey, ApiKeyList, KeyRequest
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import (
    LIMIT_DEFAULT,
    Limit,
    after,
    before,
    cursor_of,
    page_of_queryset,
)
from kamao.business.identity import api_keys
from kamao.business.identity.models import ApiKey as KeyRow
from kamao.business.identity.models import Organisation
from kamao.kernel import ids
from kamao.kernel.errors import Refusal

# Any key may manage keys of its organisation, but never beyond its own scopes, addresses and life.
_OPT = {"scope": ""}


def _shape(row: KeyRow, raw: str | None = None) -> ApiKey:
    return ApiKey(
        ids.encode(public_ids.API_KEY, row.id),
        row.label,
        row.prefix,
        list(row.scopes),
        list(row.ip_networks),
        row.cell == 0,
        row.rate_limit_per_minute,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
        row.created_at,
        raw,
    )


def _without_key(made: Any) -> Any:
    return ApiKey(*[getattr(made, name) for name in ApiKey.__struct_fields__[:-1]])


@get("/api-keys", opt=_OPT, operation_id="listApiKeys", tags=["api-keys"])
async def list_keys(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.API_KEY)] = None,
    ending_before: Annotated[str | None, before(public_ids.API_KEY)] = None,
) -> Response[ApiKeyList]:
    """List the keys of your organisation in this mode, newest first, revoked ones included."""
    cursor = cursor_of(
        public_ids.API_KEY, limit=limit, starting_after=starting_after, ending_before=ending_before
    )
    rows = KeyRow.objects.filter(organisation_id=request.key.organisation, cell=request.key.cell)
    page, has_more = await request.run(lambda: page_of_queryset(rows, cursor, shape=_shape))
    return json_response(encode_json(ApiKeyList(page, has_more)))


@post("/api-keys", status_code=201, opt=_OPT, operation_id="createApiKey", tags=["api-keys"])
async def create_key(request: ApiRequest, data: JSONBody[KeyRequest]) -> Response[ApiKey]:
    """Make a key in the mode of the calling one. Its text is shown this once."""
    beyond = sorted(set(data.scopes) - request.key.scopes)
    if beyond:
        raise Refusal(
            "forbidden",
            zh=f"新密钥不能拥有当前密钥没有的权限：{'、'.join(beyond)}。",
            en=f"A key cannot give scopes it lacks itself: {', '.join(beyond)}.",
        )

    def work() -> ApiKey:
        at = request.services.clock.now()
        if data.expires_at is not None and data.expires_at <= at:
            raise Refusal("state_conflict", zh="到期时间已经过去。", en="The expiry lies in the past.")
        caller = KeyRow.objects.get(pk=request.key.id)
        wish = api_keys.KeyWish(
            label=data.label,
            cell=request.key.cell,
            scopes=tuple(sorted(set(data.scopes))),
            ip_networks=_within(data, caller),
            expires_at=_end(data, caller),
            rate_limit_per_minute=caller.rate_limit_per_minute,
        )
        organisation = Organisation.objects.get(pk=request.key.organisation)
        made = api_keys.create_api_key(organisation, wish=wish, actor=request.actor, at=at)
        return _shape(made.row, made.raw)

    return await effect(request, work, kept=_without_key)


@delete("/api-keys/{key_id:str}", opt=_OPT, operation_id="revokeApiKey", tags=["api-keys"])
async def revoke_key(request: ApiRequest, key_id: FromPath[str]) -> None:
    """Revoke a key: it is refused everywhere within 5 seconds. A key may revoke itself."""
    key = public_ids.read_id(public_ids.API_KEY, key_id, thing="api_key")

    def work() -> None:
        row = KeyRow.objects.filter(
            pk=key, organisation_id=request.key.organisation, cell=request.key.cell
        ).first()
        if row is None:
            raise missing("api_key")
        api_keys.revoke_api_key(row, actor=request.actor, at=request.services.clock.now())
        request.services.keys.forget()

    await request.run(work)


def _within(data: KeyRequest, caller: KeyRow) -> tuple[str, ...]:
    """A key bound to addresses gives its own list on; it cannot free its children of it."""
    if not caller.ip_networks:
        return tuple(data.ip_networks)
    wanted = api_keys.parse_networks(data.ip_networks) or tuple(caller.ip_networks)
    if not set(wanted) <= set(caller.ip_networks):
        raise Refusal(
            "forbidden",
            zh="新密钥的地址名单不能超出当前密钥的名单。",
            en="A key bound to addresses can only make keys bound to some of them.",
        )
    return wanted


def _end(data: KeyRequest, caller: KeyRow) -> Any:
    if data.expires_at is None:
        return caller.expires_at
    return data.expires_at if caller.expires_at is None else min(data.expires_at, caller.expires_at)
