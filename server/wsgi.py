"""For a WSGI server: gunicorn 'server.wsgi:make()'."""

from __future__ import annotations

from flask import Flask

from server import logs, schema
from server.app import build_runtime, create_app
from server.settings import Settings


def make() -> Flask:
    settings = Settings.from_env()
    logs.configure(settings.log_format)
    runtime = build_runtime(settings)
    schema.make_ready(runtime.db)
    app = create_app(runtime)
    # Each gunicorn worker makes its own connections after the fork.
    runtime.db.dispose()
    return app
