"""What no browser of a person sends: refused as a page in words, never a crash."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.sessions import session_json_serializer
from itsdangerous import URLSafeTimedSerializer

from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]

HUGE = "9" * 5000
TEXTS = (
    "",
    " ",
    "%00",
    "%00a%00",
    "a" * 3000,
    HUGE,
    "%ff%fe",
    "%ed%a0%80",
    "%F0%9F%92%A5",
    "%25",
    "_%25_",
    "'%22%3Cb%3E",
)
NOT_A_PLACE = ("", "x", "%00", HUGE, "-1", "1", "null", "{}", "%ff", "AAAA", "a" * 2900)


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def assert_says_no(client: SignedInClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422, (path[:80], answer.status_code)
    assert "Please check what you entered" in answer.text


def test_any_text_can_be_searched_for(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for text in TEXTS:
        for path in ("/search?q=", "/search/suggest?q=", "/accounts?view=all&q=", "/cockpit?view=all&q="):
            answer = client.get(path + text)
            assert answer.status_code == 200, (path, text[:40])
            assert "Error" not in answer.text


def test_wild_cards_are_letters_like_all_others(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for text in ("%25", "_", "Hel_os", "H%25s", "%5c"):
        for path in ("/accounts?view=all&q=", "/cockpit?view=all&q=", "/search?q="):
            assert f"/accounts/{book.account}" not in client.get(path + text).text, (path, text)


def test_a_place_in_a_list_that_is_not_ours_is_refused(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for place in NOT_A_PLACE:
        assert_says_no(client, f"/cockpit?after={place}")
        assert_says_no(client, f"/outbox?before={place}")
        assert_says_no(client, f"/accounts?view=all&after={place}")
        assert_says_no(client, f"/accounts/{book.account}/timeline?cursor={place}")


def test_a_place_made_to_look_like_ours_is_refused(book: Book, sign_in: SignIn) -> None:
    client, one = sign_in(book.alice), uuid.uuid4()
    for forged in (
        f"2026-11-23T09:00:00|{one}",
        f"0001-01-01T00:00:00+23:59|{one}",
        f"9999-12-31T23:59:59-23:59|{one}",
        f"10000-01-01T00:00:00Z|{one}",
        "2026-11-23T09:00:00Z|",
        f"|{one}",
    ):
        assert_says_no(client, f"/accounts/{book.account}/timeline?cursor={b64(forged)}")
    for forged in ("[]", '["a"]', "{}", "[1, 2]", f'[null, "{one.hex}"]', f'["\\u0000", "{one.hex}"]', "[" * 9000):
        assert_says_no(client, f"/accounts?view=all&after={b64(forged)}")


def test_a_place_at_the_ends_of_time_is_merely_empty_or_full(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for instant in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-23T09:00:00+14:00"):
        cursor = b64(f"{instant}|{uuid.uuid4()}")
        assert client.get(f"/accounts/{book.account}/timeline?cursor={cursor}").status_code == 200


def test_a_choice_that_is_not_on_the_list_is_refused(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for value in ("x", "%00", HUGE, "Risk", "Closed"):
        assert_says_no(client, f"/cockpit?type={value}")
        assert_says_no(client, f"/cockpit?status={value}")
        assert_says_no(client, f"/outbox?group={value}")
        for name in (
            "view",
            "layout",
            "group",
            "sort",
            "columns",
            "due",
            "snoozed",
            "next",
            "stage",
            "reason",
            "priority",
        ):
            assert_says_no(client, f"/cockpit?{name}={value}")
        for name in ("owner", "account", "flagged", "due_from", "due_until", "month"):
            assert_says_no(client, f"/cockpit?{name}={value}")


def test_a_refusal_does_not_print_a_whole_book_of_what_was_sent(book: Book, sign_in: SignIn) -> None:
    answer = sign_in(book.alice).get(f"/cockpit?type={HUGE}")
    assert HUGE not in answer.text
    assert "9999" in answer.text


def test_forms_of_nonsense_are_refused(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for deed in ("send", "preview"):
        path = f"/tasks/{book.email_task}/email/{deed}"
        for contact in ("x", "", "\0", HUGE, "{}"):
            answer = client.post(path, data={"contact": contact})
            assert answer.status_code == 422, contact[:20]
        form = {"contact": str(book.tom), "subject": "\0", "opening": "\0\ud7ff", "seen": "::", "preview_contact": "\0"}
        assert client.post(path, data=form).status_code in (200, 422)
        assert client.post(path, data=b"\xff\xfe", content_type="multipart/form-data").status_code < 500
        assert client.post(path, data=b"--x\r\n", content_type="multipart/form-data; boundary=x").status_code < 500
        assert client.post(path, data=b"a=%ff%00&contact=%ff").status_code < 500
        assert client.post(path, data={"subject": "a" * (2 * 1024 * 1024)}).status_code == 413


def test_a_cookie_of_nonsense_is_nobody(app: Flask) -> None:
    client = app.test_client()
    for cookie in ("x", "\xff\xfe", '"', "=;=;", "a" * 5000, "\\303\\050", '"\\000"'):
        answer = client.get("/cockpit", headers={"Cookie": f"rapport_session={cookie}"}, base_url=BASE_URL)
        assert answer.status_code == 303, cookie[:20]
        client.get("/cockpit", headers={"Cookie": f"rapport_flashes={cookie}"}, base_url=BASE_URL)


def test_words_for_the_next_page_are_shown_with_our_signature_alone_and_that_is_no_sha_1(
    app: Flask, runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    for digest, key, is_shown in (
        (hashlib.sha256, runtime.settings.secret_key, True),
        (hashlib.sha256, "another", False),
        (hashlib.sha1, runtime.settings.secret_key, False),
    ):
        signer = URLSafeTimedSerializer(
            key,
            salt="cookie-session",
            serializer=session_json_serializer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": digest},
        )
        cookie = signer.dumps({"_flashes": [("info", "Read on elsewhere")]})
        assert isinstance(cookie, str)
        client.set_cookie("rapport_flashes", cookie, domain="127.0.0.1")
        assert ("Read on elsewhere" in client.get("/cockpit").text) is is_shown, (digest, key)


def test_a_method_that_a_page_does_not_have_is_refused_with_those_it_has(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for path in ("/cockpit", f"/ctas/{book.cta}"):
        answer = client.delete(path)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert "<h1>" in answer.text
        assert client.open(path, method="TRACE").status_code == 405


@pytest.mark.parametrize("broken", ["user", "cta"])
def test_a_database_that_breaks_is_a_page_with_the_number_to_tell(
    runtime: Runtime, book: Book, sign_in: SignIn, log_stream: io.StringIO, broken: str
) -> None:
    """Also when what broke is what the frame around the page asks for."""
    client = sign_in(book.alice)
    with runtime.db.engine.begin() as connection:
        connection.exec_driver_sql(f'ALTER TABLE "{broken}" RENAME TO gone')
    try:
        answer = client.get("/cockpit")
        api = client.get("/api/v1/ctas")
    finally:
        with runtime.db.engine.begin() as connection:
            connection.exec_driver_sql(f'ALTER TABLE gone RENAME TO "{broken}"')
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "no such table" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert api.status_code == 500
    assert api.get_json()["request_id"] == api.headers["X-Request-Id"]
    lines = [json.loads(line) for line in log_stream.getvalue().splitlines()]
    logged = [line for line in lines if line["event"] != "request_answered"]
    assert [line["request_id"] for line in logged] == [one.headers["X-Request-Id"] for one in (answer, api)]
    assert all(line["event"] == "request_crashed" and "Traceback" in line["exception"] for line in logged)
    assert [line["status"] for line in lines if line["event"] == "request_answered"] == [500, 500]
