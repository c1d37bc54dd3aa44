"""One check more, read by schemathesis itself: what fits the document is never refused for its form."""

from __future__ import annotations

import schemathesis

_BY_FORM = {"query", "json", "path", "headers", "cookies", "form"}


@schemathesis.check
def what_fits_the_document_has_the_right_form(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """A 422 for a call that fits must say in words what is wrong, and its cure."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    said = response.json()
    assert not _BY_FORM & said.get("errors", {}).keys(), f"refused for its form: {said['errors']}"
    assert said.get("detail"), "refused without a word"
    assert said.get("cure"), "refused without a cure"
