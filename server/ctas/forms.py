"""What the forms of a CTA's page send, as the deeds take it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from server.ctas.models import CtaDeed
from server.errors import Invalid
from server.messages.clean import one_line


def values_of(given: Mapping[str, str], fields: Iterable[str]) -> dict[str, Any]:
    """Those that were sent, read. Raises Invalid for what is no day or no person."""
    return {field: value_of(field, given[field]) for field in fields if field in given}


def value_of(field: str, said: str) -> Any:
    said = one_line(said, 500)
    if field.endswith("_on") or field == "through":
        return day(said, field) if said else None
    if field.endswith("_id"):
        return id_of(said, field)
    return said or None if field == "reason" else said


def day(said: str, field: str) -> date:
    try:
        found = date.fromisoformat(said)
    except ValueError:
        raise Invalid("This is not a day.", cure="Choose it anew.", fields={field: "Not a day."}) from None
    if not 1900 <= found.year <= 2200:
        raise Invalid("No calendar of ours goes that far.", cure="Choose another day.", fields={field: "Too far."})
    return found


def id_of(said: str, field: str) -> uuid.UUID:
    try:
        return uuid.UUID(said)
    except ValueError:
        raise Invalid("Choose one of the list.", fields={field: "Not in the list."}) from None


def to_cta(cta_id: uuid.UUID, done: CtaDeed | None = None, anchor: str | None = None) -> BaseResponse:
    """Back to the page, which offers to undo what was done."""
    changed = str(done.id) if done is not None else None
    return redirect(url_for("cta_pages.cta", cta_id=cta_id, changed=changed, _anchor=anchor), code=303)


def seen_of(fields: Iterable[str]) -> dict[str, Any]:
    return values_of(
        {name.removeprefix("seen_"): value for name, value in request.form.items() if name.startswith("seen_")}, fields
    )
