"""A template filled in for one contact, for Gmail's compose window. What is missing is asked for, never guessed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth import people
from server.auth.models import User
from server.contacts import queries as contacts
from server.email_templates import queries as email_templates
from server.email_templates.catalogue import MERGE_FIELDS, FieldType, MergeField, value_at
from server.email_templates.compile import CompiledTemplate
from server.email_templates.conditions import choose, facts_of
from server.email_templates.freshness import demand_fresh
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind
from server.email_templates.problems import MissingValue
from server.email_templates.render import RenderedEmail, render
from server.errors import Invalid, NotFound
from server.sends.fill_in import Recipient

_FIELDS = {one.path: one for one in MERGE_FIELDS}
# Where an email goes and who writes it is not for a form to say.
_NOT_ASKED = frozenset({"contact.email", "sender.email", "links.unsubscribe"})
LONGEST_VALUE = 1000


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A value that the person has to give. `type` is text, date (2027-09-30) or money (120000.00)."""

    path: str
    label: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Filled:
    """`email` is None while something is `missing`. Its HTML is the fragment for the compose window.

    `gaps`: how many texts still have a “…” that the person must fill in. `is_variant`: chosen for this contact.
    """

    template: EmailTemplate
    version: EmailTemplateVersion
    email: RenderedEmail | None
    missing: tuple[Missing, ...]
    gaps: int
    is_variant: bool


def fill(
    session: Session, *, slug: str, contact_id: uuid.UUID, user: User, given: Mapping[str, str], now: datetime
) -> Filled:
    """Raises NotFound, Invalid for values that cannot be, StaleValue or RenderRefused for what must not be sent."""
    contact = contacts.by_id(session, contact_id)
    account = accounts.by_id(session, contact.account_id)
    default = email_templates.by_slug(session, slug)
    if default.kind != Kind.TEMPLATE or default.archived_at is not None or default.current_version_id is None:
        raise NotFound("This template is not in use.", cure="Choose another one.")
    if contact.opted_out_at is not None:
        raise Invalid(f"{contact.full_name} opted out of emails.", cure="Write to somebody else at the account.")
    facts = facts_of(language=contact.language, role=contact.role, lifecycle_stage=account.lifecycle_stage)
    variants = email_templates.variants(session, default.id)
    chosen = choose(default, variants, lambda one: tuple(sorted(one.applies_when.items())), facts)
    version = email_templates.current_version(session, chosen)
    compiled = email_templates.compiled(session, version).in_compose()
    tam = people.by_id(session, account.tam_id) if account.tam_id else None
    recipient = Recipient(contact=contact, account=account, sender=user, tam=tam, now=now)
    email, missing = _render(compiled, recipient, given)
    return Filled(
        template=chosen,
        version=version,
        email=email,
        missing=missing,
        gaps=len(compiled.unfinished),
        is_variant=chosen.id != default.id,
    )


def _render(
    compiled: CompiledTemplate, recipient: Recipient, given: Mapping[str, str]
) -> tuple[RenderedEmail | None, tuple[Missing, ...]]:
    values, as_of = _with(recipient.values(), given), recipient.as_of()
    # What the person says now is of now.
    demand_fresh(compiled, as_of | dict.fromkeys(given, recipient.now), recipient.now)
    try:
        return render(compiled, values), ()
    except MissingValue as error:
        return None, tuple(_asked(path) for path in error.missing)


def _asked(path: str) -> Missing:
    known = _FIELDS.get(path)
    if known is None or path in _NOT_ASKED:
        label = known.label if known else path
        raise Invalid(f"{label} is not known, and cannot be typed in.", cure="Complete the record first.")
    return Missing(path=path, label=known.label, type=str(known.type))


def _with(values: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """What is not known, from the form; what is known stays as it is. Raises Invalid, by field."""
    values, wrong = deepcopy(values), {}
    for path, text in given.items():
        known = _FIELDS.get(path)
        if known is None or path in _NOT_ASKED:
            wrong[path] = "This is not asked for."
        elif value_at(values, path) in (None, ""):
            try:
                _put(values, path, _value(known, text.strip()))
            except ValueError as error:
                wrong[path] = str(error)
    if wrong:
        raise Invalid(" ".join(wrong.values()), cure="Correct these values.", fields=wrong)
    return values


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *groups, last = path.split(".")
    place = values
    for group in groups:
        place = place.setdefault(group, {})
    place[last] = value


def _value(known: MergeField, text: str) -> Any:
    """Raises ValueError with a sentence."""
    if not text:
        return None
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"{known.label} is longer than {LONGEST_VALUE} letters.")
    if known.type is FieldType.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{known.label} is no date: write it as 2027-09-30.") from None
    if known.type is FieldType.MONEY:
        return _amount(known, text)
    return text


def _amount(known: MergeField, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 12:
        raise ValueError(f"{known.label} is no amount: write it as 120000.00.")
    return amount
