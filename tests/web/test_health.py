"""What a load balancer asks, and what changes behind https."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from flask import Flask, request
from sqlalchemy import create_engine

from server.app import create_app
from server.auth import pages as auth_pages
from server.db import Database
from server.jobqueue import RqJobQueue
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


def test_a_process_with_its_database_and_queue_is_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"database": True, "queue": True})
    assert answer.headers["Cache-Control"] == "no-store"


@ON_SQLITE
def test_a_process_without_them_is_alive_but_not_ready_and_says_what_is_missing(runtime: Runtime) -> None:
    gone = create_engine("sqlite:////no/such/folder/rapport.sqlite3")
    client = create_app(replace(runtime, db=Database(gone))).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": False, "queue": True})
    nowhere = RqJobQueue("unix:///no/such/valkey.sock")
    answer = create_app(replace(runtime, jobs=nowhere)).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": True, "queue": False})


@ON_SQLITE
def test_behind_https_every_cookie_is_secure_and_bound_to_the_host(runtime: Runtime, book: Book) -> None:
    settings = replace(runtime.settings, base_url="https://rapport.example.com")
    app = create_app(replace(runtime, settings=settings))
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert app.config["SESSION_COOKIE_SECURE"]
    assert auth_pages.session_cookie(settings).startswith("__Host-")
    headers = {"Origin": "https://rapport.example.com"}
    answer = app.test_client().post("/auth/start", base_url="https://rapport.example.com", headers=headers)
    assert answer.status_code == 303
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


@ON_SQLITE
def test_behind_https_browsers_are_told_to_stay_there(app: Flask, runtime: Runtime) -> None:
    settings = replace(runtime.settings, base_url="https://rapport.example.com")
    secure = create_app(replace(runtime, settings=settings)).test_client()
    for path in ("/sign-in", "/healthz", "/nothing"):
        answer = secure.get(path, base_url="https://rapport.example.com")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", path
    assert "Strict-Transport-Security" not in app.test_client().get("/sign-in").headers


@ON_SQLITE
def test_of_what_a_proxy_says_the_last_address_is_believed_and_nothing_else(runtime: Runtime) -> None:
    secure = create_app(replace(runtime, settings=replace(runtime.settings, base_url="https://rapport.example.com")))
    seen: list[tuple[str | None, str]] = []
    secure.before_request_funcs[None].append(lambda: seen.append((request.remote_addr, request.url_root)))
    headers = {
        "X-Forwarded-For": "192.0.2.1, 198.51.100.7",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Port": "70",
    }
    secure.test_client().get("/healthz", base_url="http://rapport.example.com", headers=headers)
    assert seen == [("198.51.100.7", "http://rapport.example.com/")]


@ON_SQLITE
def test_the_icon_and_built_files_are_served_and_kept(app: Flask) -> None:
    client = app.test_client()
    with client.get("/favicon.ico") as icon:
        assert icon.status_code == 200
        assert icon.content_type.startswith("image/svg+xml")
    page = client.get("/sign-in").text
    script = page.split('<script src="')[1].split('"')[0]
    with client.get(script) as answer:
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
