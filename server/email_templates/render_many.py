"""One template to many recipients: each is rendered or refused by name, and nobody stops the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.email_templates.compile import CompiledTemplate
from server.email_templates.problems import MissingValue, RenderRefused
from server.email_templates.render import RenderedEmail, render


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The email of one recipient. `recipient` is the name that the caller gave: an id or an address."""

    recipient: str
    email: RenderedEmail


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why one recipient gets no email, in words for people; `fields` maps merge fields to what is wrong with each.

    It is empty when no single field is to blame, as for an email that is too large as a whole.
    """

    recipient: str
    reason: str
    cure: str
    fields: Mapping[str, str] = field(default_factory=dict)


Outcome = Rendered | Refused


def render_many(compiled: CompiledTemplate, recipients: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Outcome]:
    """Pairs of a recipient and its values to outcomes, in the same order, each made when it is asked for.

    What is wrong with a recipient becomes a Refused. What is wrong with us, or with reading the recipients, is raised.
    """
    for recipient, values in recipients:
        yield _outcome(compiled, recipient, values)


def _outcome(compiled: CompiledTemplate, recipient: str, values: Mapping[str, Any]) -> Outcome:
    try:
        return Rendered(recipient=recipient, email=render(compiled, values))
    except (MissingValue, RenderRefused) as error:
        return Refused(recipient=recipient, reason=error.detail, cure=error.cure, fields=error.fields)
