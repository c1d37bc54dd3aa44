"""Whatever stands in the parameters of a reading call, the answer is a result or a refusal, never a crash."""

from __future__ import annotations

import string
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.runtime import Runtime
from tests.api.test_openapi import resolve
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import add_note

SignIn = Callable[[uuid.UUID], SignedInClient]

_ODD = st.sampled_from(
    ["", "0", "-1", "1e9", "NaN", "9" * 60, "true", "null", "None", "\0", "a\0", "%", "_", "\\", "'", '"', ";--",
     "\ud7ff", "\U0001f4a5", "\u202e", "İ", "ß", "٣", "[]", "{}", "AAAA", "W10=", "bnVsbHw=", "a" * 3001]
)  # fmt: skip
_TEXT = st.one_of(_ODD, st.text(max_size=40), st.text(string.printable, max_size=120), st.uuids().map(str))


@st.composite
def _values(draw: st.DrawFn, schema: dict[str, Any]) -> str:
    """A value that fits the schema, or anything at all."""
    if "enum" in schema and draw(st.booleans()):
        return str(draw(st.sampled_from(schema["enum"])))
    if schema.get("type") == "integer" and draw(st.booleans()):
        return str(draw(st.integers()))
    if schema.get("type") == "boolean" and draw(st.booleans()):
        return draw(st.sampled_from(["true", "false", "1", "0", "on", "t"]))
    return draw(_TEXT)


def test_no_reading_call_crashes_whatever_it_is_asked(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    for number in range(3):
        add_note(runtime, book.account, f"{number}")
    client = sign_in(book.alice)
    spec = client.get("/api/openapi.json").get_json()
    known = {"account_id": str(book.account), "cta_id": str(book.cta), "email_id": str(uuid.uuid4())}
    known["contact_id"] = str(book.priya)
    for path, item in sorted(spec["paths"].items()):
        if "get" in item:
            parameters = [*item.get("parameters", []), *item["get"].get("parameters", [])]
            _sweep(
                client, path, [resolve(spec, one) for one in parameters], known, declared=set(item["get"]["responses"])
            )


def _sweep(
    client: SignedInClient, path: str, parameters: list[dict[str, Any]], known: dict[str, str], declared: set[str]
) -> None:
    in_path = {one["name"]: st.one_of(st.just(known[one["name"]]), _TEXT) for one in parameters if one["in"] == "path"}
    in_query = {one["name"]: _values(one["schema"]) for one in parameters if one["in"] == "query"}

    @settings(
        max_examples=30,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(places=st.fixed_dictionaries(in_path), query=st.fixed_dictionaries({}, optional=in_query))
    def ask(places: dict[str, str], query: dict[str, str]) -> None:
        url = path
        for name, value in places.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        answer = client.get(url, query_string=query, follow_redirects=True)
        assert answer.status_code < 500, (url, query, answer.text)
        if answer.status_code >= 400:
            assert answer.content_type == "application/problem+json", (url, query)
            assert answer.get_json()["request_id"]
        elif url.startswith("/api/v1/") and url.count("/") == path.count("/"):
            assert str(answer.status_code) in declared

    ask()
