"""Holds every answer against the OpenAPI document: its status is documented, its body is what the schema
says.
"""

import re
from typing import Any

import httpx
import jsonschema_rs


class ContractCheck:
    """The document's paths and schemas, compiled once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = {"components": document["components"]}
        self._paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + r"\Z"), item)
            for path, item in sorted(document["paths"].items(), key=lambda each: each[0].count("{"))
        ]
        self._validators: dict[str, Any] = {}

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """Assert that the answer is a documented one; paths that the document lacks are only checked for
        their form.
        """
        assert answer.headers["x-request-id"]
        if answer.status_code >= 400:
            self._assert_problem(answer)
        operation = self._operation(method, path)
        if operation is None:
            return
        documented = operation["responses"]
        assert str(answer.status_code) in documented, (
            f"{method} {path} answered {answer.status_code}: {answer.text}"
        )
        content = documented[str(answer.status_code)].get("content")
        if content is None:
            assert not answer.content
            return
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content, f"{method} {path} answered {kind}"
        if content[kind]["schema"].get("format") == "binary":
            assert answer.content
            return
        errors = [str(error) for error in self._validator(content[kind]["schema"]).iter_errors(answer.json())]
        assert not errors, errors

    def _assert_problem(self, answer: httpx.Response) -> None:
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["type"] == f"/api/docs#{body['code']}"
        assert body["detail"]
        assert body["title"]
        assert body["request_id"] == answer.headers["x-request-id"]
        if answer.status_code in {429, 503}:
            assert int(answer.headers["retry-after"]) >= 1

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, item in self._paths:
            if pattern.match(path):
                found: dict[str, Any] | None = item.get(method.lower())
                return found
        return None

    def _validator(self, schema: dict[str, Any]) -> Any:
        name = repr(schema)
        if name not in self._validators:
            self._validators[name] = jsonschema_rs.validator_for({**schema, **self._components})
        return self._validators[name]
