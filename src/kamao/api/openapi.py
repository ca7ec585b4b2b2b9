"""The OpenAPI 3.1 document: what the framework knows of the routes, made exact by what the decoder really
enforces.

Owns the differences: schemas come from the contract's structs themselves, every error is documented with its
status, query parameters are never null. Refuses a route without a text in both languages (a test walks the
document).
"""

from types import ModuleType
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from kamao.api.contract import (
    catalogue,
    common,
    imports,
    keys,
    listings,
    orders,
    shops,
    supply,
    wallet,
    webhooks,
)
from kamao.api.texts import EXAMPLES, INTRODUCTION_EN, OPERATIONS, TAGS
from kamao.kernel.errors import PROBLEMS

VERSION: Final = "1.0.0"
_MODULES: Final = (catalogue, common, imports, keys, listings, orders, shops, supply, wallet, webhooks)
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NOISE: Final = ("deprecated", "allowEmptyValue", "allowReserved")
_MEANINGS: Final = {
    400: "The body is not valid JSON",
    401: "No valid key",
    402: "The wallet does not cover it",
    403: "The key lacks the scope, or may not be used from this address",
    404: "No such object, or not yours",
    409: "In conflict with the present state",
    413: "The body is larger than 1 MiB, or a file than 64 MiB",
    415: "The body is not declared as the documented type",
    422: "Fields or parameters are not valid; `errors` points at them",
    429: "Too many requests; come back after Retry-After",
    500: "The outcome is unknown; repeat the same reference or key",
    503: "Overloaded or without database; repeat after Retry-After",
}
# Written as plain bytes, because generators and testers know no NDJSON; application/x-ndjson is accepted as
# well.
_STREAM_BODY: Final = {
    "required": True,
    "description": (
        'One JSON object per line, for example {"secret":"…","number":"…"}; also as application/x-ndjson'
    ),
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY: Final = {
    "required": True,
    "description": "The file as it is, up to 64 MiB; also as text/csv, text/plain, application/zip, XLSX",
    "content": {"application/octet-stream": _FILE},
}
_BODIES: Final[dict[str, Any]] = {"streamCodes": _STREAM_BODY, "createImport": _FILE_BODY}
_FILE_ANSWER: Final = {
    "text/csv": _FILE,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _FILE,
}


def openapi_config() -> OpenAPIConfig:
    """Return what the framework is told when it writes the raw document."""
    return OpenAPIConfig(title="Kamao Open API", version=VERSION, path="/api/v1")


def structs_of(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the structs that a module of the contract defines."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__module__ == module.__name__
    ]


def build_document(raw_app: Litestar) -> dict[str, Any]:
    """Return the finished document of an application made with ``openapi_config``."""
    raw = raw_app.openapi_schema.to_schema()
    handlers = {
        handler.operation_id: handler
        for route in raw_app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler.operation_id, str)
    }
    paths = {}
    for path, item in raw["paths"].items():
        paths[path] = {
            method: _operation(operation, handlers[operation["operationId"]].opt, method)
            for method, operation in item.items()
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kamao Open API", "version": VERSION, "description": INTRODUCTION_EN},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": en, "x-zh": zh} for name, (zh, en) in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "kmk_live_… or kmk_test_…"}
            },
            "schemas": _schemas(),
        },
    }


def _schemas() -> dict[str, Any]:
    """Return the schemas of every struct, as the decoder enforces them."""
    structs = [each for module in _MODULES for each in structs_of(module)]
    _, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    found: dict[str, Any] = _portable(schemas)
    found["Problem"]["properties"]["code"]["examples"] = sorted(PROBLEMS)
    return found


def _portable(value: Any) -> Any:
    r"""Write patterns as JSON Schema has them: there ``$`` means the very end, which Python calls ``\\Z``."""
    if isinstance(value, dict):
        return {
            name: each.replace("\\Z", "$") if name == "pattern" and isinstance(each, str) else _portable(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_portable(each) for each in value]
    return value


def _operation(operation: dict[str, Any], opt: dict[str, Any], method: str) -> dict[str, Any]:
    name = operation["operationId"]
    text = OPERATIONS[name]
    scope = opt.get("scope")
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    body = _BODIES.get(name, operation.get("requestBody"))
    if name in EXAMPLES and body is not None:
        body["content"]["application/json"]["example"] = EXAMPLES[name]
    is_effect = method == "post" and not opt.get("by_reference") and scope is not None
    if body is not None:
        _make_optional(body)
    finished: dict[str, Any] = {
        "operationId": name,
        "tags": operation["tags"],
        "summary": text.en,
        "description": _description(text.description_en, scope),
        "x-zh": {"summary": text.zh, "description": text.description_zh},
    }
    if parameters:
        finished["parameters"] = parameters
    if body is not None:
        finished["requestBody"] = body
    finished["responses"] = _responses(operation, opt, parameters, body=body, is_effect=is_effect)
    finished["security"] = [] if scope is None else [{"bearer": []}]
    if scope:
        finished["x-scope"] = scope
    if is_effect:
        # Said in words and here, not as a parameter: the same key with another body is refused by design, and
        # a generated test would take that for a fault.
        finished["x-idempotency-key"] = True
    return finished


def _make_optional(body: dict[str, Any]) -> None:
    """Turn "an object or null" into an object that may be left out."""
    content = body["content"].get("application/json", {})
    options = content.get("schema", {}).get("oneOf", ())
    objects = [each for each in options if each.get("type") != "null"]
    if objects:
        content["schema"] = objects[0]
        body["required"] = False


def _description(text: str, scope: str | None) -> str:
    return f"{text} Scope: `{scope}`." if scope else text


def _parameter(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter without noise; a value that is left out is left out, never null."""
    found = {name: value for name, value in raw.items() if name not in _NOISE}
    schema = dict(found["schema"])
    schema.pop("description", None)
    options = schema.pop("oneOf", None)
    if options:
        schema = {**next(each for each in options if each.get("type") != "null"), **schema}
    if isinstance(schema.get("type"), list):
        schema["type"] = next(each for each in schema["type"] if each != "null")
    if "enum" in schema:
        schema["enum"] = [each for each in schema["enum"] if each is not None]
    if schema.get("type") == "integer":
        # No parameter here is negative; the framework leaves a minimum of 0 out of the document.
        schema.setdefault("minimum", 0)
    for bound in ("minimum", "maximum"):
        if isinstance(schema.get(bound), float):
            schema[bound] = int(schema[bound])
    if schema.get("format") == "date-time":
        schema["pattern"] = common.RFC3339
    found["schema"] = _portable(schema)
    if found["name"] == "target":
        # An object written as JSON: OpenAPI says that with a media type.
        del found["schema"]
        found["content"] = {"application/json": {"schema": _target_schema()}}
    return found


def _target_schema() -> Any:
    properties = _schemas()["OrderRequest"]["properties"]
    return next(each for each in properties["target"]["anyOf"] if each.get("type") != "null")


def _responses(
    operation: dict[str, Any], opt: dict[str, Any], parameters: list[Any], *, body: Any, is_effect: bool
) -> dict[str, Any]:
    finished = {}
    for status, raw in operation["responses"].items():
        if not status.startswith("2"):
            continue
        finished[status] = {"description": "Done", "headers": _headers(is_effect=is_effect)}
        if "content" in raw:
            finished[status]["content"] = raw["content"]
    if operation["operationId"] == "createOrder":
        finished["200"] = {
            **finished["201"],
            "description": "The reference was used before with the same content",
        }
    if operation["operationId"] == "getRefusedRows":
        finished["200"]["content"] = _FILE_ANSWER
    statuses = {500, 503, *opt.get("refusals", ())}
    if opt.get("scope") is not None:
        statuses |= {401, 403, 429}
    if body is not None:
        statuses |= {400, 413, 415, 422}
    if any(each["in"] == "path" for each in parameters):
        statuses.add(404)
    if is_effect:
        statuses |= {409, 422}
    # Unknown query parameters are refused everywhere.
    statuses.add(422)
    for status in sorted(statuses):
        finished[str(status)] = {"description": _MEANINGS[status], "content": _PROBLEM}
    return finished


def _headers(*, is_effect: bool) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "X-Request-Id": {"description": "Names this request in our logs", "schema": {"type": "string"}},
        "RateLimit-Policy": {
            "description": "The key's limit, where it has one",
            "schema": {"type": "string"},
        },
        "RateLimit": {"description": "What is left of it", "schema": {"type": "string"}},
    }
    if is_effect:
        headers["Idempotent-Replayed"] = {
            "description": "true where the reply was given before",
            "schema": {"type": "string", "enum": ["true"]}
        }  # fmt: skip
    return headers
