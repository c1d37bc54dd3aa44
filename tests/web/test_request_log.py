"""One line for each request: what, how it ended, how long, who; ids only."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable

from flask.testing import FlaskClient

from tests.cast import ALICE, Book


def test_each_request_is_told_once_with_its_number_and_without_an_address(
    book: Book, sign_in: Callable[[uuid.UUID], FlaskClient], log_stream: io.StringIO
) -> None:
    answer = sign_in(book.alice).get(f"/accounts/{book.account}?q={ALICE}")
    [line] = [json.loads(line) for line in log_stream.getvalue().splitlines() if "request_answered" in line]
    assert line["endpoint"] == "customer_360.account"
    assert line["status"] == 200
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["user_id"] == str(book.alice)
    assert line["ms"] > 0
    assert ALICE not in log_stream.getvalue()
