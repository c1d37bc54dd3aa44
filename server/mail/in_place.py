"""What went wrong is said where the click was."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import render_template

from server.errors import RapportError
from server.web.frame import wants_partial

P = ParamSpec("P")
R = TypeVar("R")


def in_place(view: Callable[P, R]) -> Callable[P, R | tuple[str, int]]:
    """For views that htmx asks for a piece: it swaps an answer of 422, and no other refusal (layout/_head.html)."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R | tuple[str, int]:
        try:
            return view(*args, **kwargs)
        except RapportError as error:
            if not wants_partial():
                raise
            return render_template("mail/_problem.html", problem=error), 422

    return answered
