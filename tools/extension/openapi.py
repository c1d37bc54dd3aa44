"""Writes what the extension's types are made from: python -m tools.extension.openapi PATH"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from flask import Flask

from server.app import build_runtime, create_app
from server.settings import Settings


def description(app: Flask) -> str:
    """The OpenAPI of this app as JSON, as /api/openapi.json gives it to somebody who is signed in."""
    with app.test_request_context():
        response = app.view_functions["api-docs.openapi_json"]()
    text: str = response.get_data(as_text=True)
    return text


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"RAPPORT_ENV": "test", "RAPPORT_DATA_DIR": folder})
        text = description(create_app(build_runtime(settings)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
