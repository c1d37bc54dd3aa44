"""The one way from a template and a contact to an email: preview, test, CTA, Gmail and bulk all come here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.accounts.models import Account
from server.auth.models import User
from server.contacts.queries import ContactView
from server.email_templates.catalogue import MERGE_FIELDS, FieldSource, value_at
from server.email_templates.compile import CompiledTemplate
from server.email_templates.freshness import demand_fresh
from server.email_templates.render import RenderedEmail, render
from server.sends.merge_values import merge_values


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Whom an email is for, and who writes it. `now` is the instant that `today` and ages count from."""

    contact: ContactView
    account: Account
    sender: User
    tam: User | None
    now: datetime

    def values(self) -> dict[str, Any]:
        return merge_values(contact=self.contact, account=self.account, sender=self.sender, tam=self.tam, now=self.now)

    def as_of(self) -> dict[str, datetime | None]:
        """When each merge field was last confirmed by its source; fields of Rapport's own are always of now."""
        known = {FieldSource.CONTACT: self.contact.synced_at, FieldSource.ACCOUNT: self.account.synced_at}
        as_of = {field.path: known.get(field.source, self.now) for field in MERGE_FIELDS}
        if self.tam is None:  # then the account's own word for who it is
            as_of["tam.name"] = self.account.synced_at
        return as_of


@dataclass(frozen=True, kw_only=True)
class FieldValue:
    """A merge field as it is for one recipient. `as_of` is None when nobody knows how old the value is."""

    path: str
    value: Any
    as_of: datetime | None


def fill_in(compiled: CompiledTemplate, recipient: Recipient) -> RenderedEmail:
    """Raises MissingValue with all missing merge fields, StaleValue, or RenderRefused."""
    demand_fresh(compiled, recipient.as_of(), recipient.now)
    return render(compiled, recipient.values())


def field_values(recipient: Recipient) -> list[FieldValue]:
    """Every merge field with its value and its age, in the order of the catalogue."""
    values, as_of = recipient.values(), recipient.as_of()
    return [
        FieldValue(path=field.path, value=value_at(values, field.path), as_of=as_of[field.path])
        for field in MERGE_FIELDS
    ]
