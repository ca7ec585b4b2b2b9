"""The routes of the documentation: the page, its style, and the OpenAPI document itself.

Owns rendering. Works without the internet and without scripts. Refuses to describe anything that the document
does not.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.template import Context, Engine
from litestar import Litestar, Response, get
from litestar.params import FromQuery

from kamao.api.errors import language_of
from kamao.api.http import ApiRequest
from kamao.api.openapi import build_document
from kamao.api.texts import EXAMPLES, TAGS
from kamao.kernel.errors import PROBLEMS

_HERE: Final = Path(__file__).parent
_CSP: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_engine = Engine(dirs=[str(_HERE / "templates")], autoescape=True)

MakeRawApp = Callable[[], Litestar]


class Document:
    """The finished OpenAPI document, made when it is first asked for."""

    def __init__(self, make_raw_app: MakeRawApp) -> None:
        self._make_raw_app = make_raw_app
        self._document: dict[str, Any] | None = None
        self._pages: dict[str, bytes] = {}

    def get(self) -> dict[str, Any]:
        """Return the document."""
        if self._document is None:
            self._document = build_document(self._make_raw_app())
        return self._document

    def page(self, language: str) -> bytes:
        """Return the page in ``zh`` or ``en``."""
        if language not in self._pages:
            self._pages[language] = render(self.get(), language=language).encode()
        return self._pages[language]


@get("/api/v1/openapi.json", include_in_schema=False)
async def openapi_json(request: ApiRequest) -> Response[bytes]:
    """Return the OpenAPI document; public, so that clients can be generated without a key."""
    document: Document = request.app.state.document
    body = await request.run(lambda: msgspec.json.encode(document.get()))
    return Response(body, media_type="application/json", headers={"cache-control": "public, max-age=300"})


@get("/api/docs", include_in_schema=False)
async def docs_page(request: ApiRequest, lang: FromQuery[str | None] = None) -> Response[bytes]:
    """Return the documentation in the language asked for."""
    document: Document = request.app.state.document
    language = lang if lang in {"zh", "en"} else _accepted(request)
    body = await request.run(lambda: document.page(language))
    headers = {
        "cache-control": "public, max-age=300", "content-security-policy": _CSP,
        "referrer-policy": "no-referrer",
        "vary": "accept-language", "content-language": "zh-Hans" if language == "zh" else "en",
    }  # fmt: skip
    return Response(body, media_type="text/html", headers=headers)


@get("/api/docs/style.css", include_in_schema=False)
async def docs_style(request: ApiRequest) -> Response[bytes]:
    """Return the page's style sheet."""
    request.check()
    return Response(_style(), media_type="text/css", headers={"cache-control": "public, max-age=300"})


DOCS_ROUTES = [openapi_json, docs_page, docs_style]


@lru_cache(maxsize=1)
def _style() -> bytes:
    return (_HERE / "style.css").read_bytes()


def _accepted(request: ApiRequest) -> str:
    return language_of(request.headers.get("accept-language", "").encode("latin-1"))


def render(document: dict[str, Any], *, language: str) -> str:
    """Return the page of a document in a language."""
    chinese = language == "zh"
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in TAGS}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups[operation["tags"][0]].append(_shown(document, path, method, operation, chinese=chinese))
    problems = [
        {
            "code": each.code,
            "status": each.status,
            "title": each.title(language),
            "detail": each.detail(language),
        }
        for each in sorted(PROBLEMS.values(), key=lambda each: (each.status, each.code))
    ]
    context = {
        "chinese": chinese,
        "language": "zh-Hans" if chinese else "en",
        "version": document["info"]["version"],
        "groups": [
            {"name": name, "title": TAGS[name][0 if chinese else 1], "operations": operations}
            for name, operations in groups.items()
        ],
        "problems": problems,
    }
    return _engine.get_template("docs.html").render(Context(context))


def _shown(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any], *, chinese: bool
) -> dict[str, Any]:
    name = operation["operationId"]
    zh = operation["x-zh"]
    schema = _body_schema(operation)
    return {
        "id": name,
        "method": method.upper(),
        "path": path,
        "summary": zh["summary"] if chinese else operation["summary"],
        "description": zh["description"] if chinese else operation["description"].partition(" Scope: ")[0],
        "scope": operation.get("x-scope"),
        "parameters": [
            {
                "name": each["name"],
                "place": each["in"],
                "required": each.get("required", False),
                "form": _form(each.get("schema") or {"type": "JSON"}),
                "description": each.get("description", ""),
            }
            for each in operation.get("parameters", ())
        ],
        "fields": _fields(document, schema),
        "answers": sorted(operation["responses"]),
        "curl": _curl(method.upper(), path, EXAMPLES.get(name)),
        "python": _python(method.upper(), path, EXAMPLES.get(name)),
    }


def _body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is None:
        return None
    schema: dict[str, Any] = body["schema"]
    for option in schema.get("oneOf", ()):
        if "$ref" in option:
            return {"$ref": option["$ref"]}
    return schema


def _fields(document: dict[str, Any], schema: dict[str, Any] | None) -> list[dict[str, Any]]:
    if schema is None or "$ref" not in schema:
        return []
    found = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    required = set(found.get("required", ()))
    return [
        {
            "name": name,
            "required": name in required,
            "form": _form(each),
            "description": each.get("description", ""),
        }
        for name, each in found["properties"].items()
    ]


def _form(schema: dict[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " | ".join(_form(each) for each in schema[word])
    if "enum" in schema:
        return " · ".join(str(each) for each in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"[{_form(schema.get('items', {}))}]"
    low = schema.get("minimum", schema.get("minLength", ""))
    high = schema.get("maximum", schema.get("maxLength", ""))
    bounds = f" {low}–{high}" if low != "" or high != "" else ""
    return f"{kind}{bounds}"


def _url(path: str) -> str:
    return f"{settings.KAMAO_BASE_URL}{path}"


def _curl(method: str, path: str, example: Any) -> str:
    lines = [f"curl -X {method} '{_url(path)}'", '  -H "Authorization: Bearer $KAMAO_KEY"']
    if example is not None:
        lines += [
            "  -H 'Content-Type: application/json'",
            f"  -d '{json.dumps(example, ensure_ascii=False)}'",
        ]
    return " \\\n".join(lines)


def _python(method: str, path: str, example: Any) -> str:
    body = "" if example is None else f",\n    json={example!r}"
    return (
        "import os, httpx\n\n"
        f'answer = httpx.request(\n    "{method}", "{_url(path)}",\n'
        f'    headers={{"Authorization": f"Bearer {{os.environ[\'KAMAO_KEY\']}}"}}{body},\n)\n'
        "answer.raise_for_status()\n"
        "print(answer.json())"
    )
