"""The specification: valid, and true about what goes wrong."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
METHODS = ("get", "post", "put", "patch", "delete")

pytestmark = ON_SQLITE


@pytest.fixture
def spec(book: Book, sign_in: SignIn) -> dict[str, Any]:
    answer = sign_in(book.charlie).get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    found: dict[str, Any] = answer.get_json()
    return found


def resolve(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def test_the_specification_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(spec).validate()


def test_every_operation_says_how_it_fails_and_in_what_form(spec: dict[str, Any]) -> None:
    operations = [
        (f"{method} {path}", operation)
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    assert len(operations) >= 11
    for name, operation in operations:
        assert operation.get("summary"), name
        failures = {code: resolve(spec, one) for code, one in operation["responses"].items() if code[0] not in "23"}
        assert "default" in failures, name
        if "{" in name:
            assert "404" in failures, name
        for code, failure in failures.items():
            assert list(failure["content"]) == ["application/problem+json"], (name, code)
            schema = resolve(spec, failure["content"]["application/problem+json"]["schema"])
            assert {"title", "status", "detail", "request_id"} <= schema["properties"].keys()
        for code in operation["responses"].keys() - failures.keys():
            assert list(resolve(spec, operation["responses"][code])["content"]) == ["application/json"], (name, code)


def test_what_is_sent_in_is_closed_to_fields_that_nobody_knows(spec: dict[str, Any]) -> None:
    for path, item in spec["paths"].items():
        if "requestBody" in item.get("post", {}):
            body = resolve(spec, item["post"]["requestBody"])
            schema = resolve(spec, body["content"]["application/json"]["schema"])
            assert schema["additionalProperties"] is False, path


def test_what_may_be_missing_says_so(spec: dict[str, Any]) -> None:
    account = spec["components"]["schemas"]["Account"]
    assert account["properties"]["tam_id"]["type"] == ["string", "null"]
    assert set(account["required"]) == set(account["properties"])


def test_an_amount_is_a_text_as_it_is_sent(spec: dict[str, Any]) -> None:
    assert spec["components"]["schemas"]["Account"]["properties"]["arr"]["type"] == ["string", "null"]


def test_the_cookie_that_is_taken_is_named(spec: dict[str, Any]) -> None:
    assert spec["components"]["securitySchemes"]["session"]["name"] == "rapport_session"
    assert spec["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert spec["security"] == [{"session": []}, {"token": []}]
