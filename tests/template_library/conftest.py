"""A small template of our own in a library, and the editor as its scripts use it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.contacts.models import Contact
from server.email_templates import queries
from server.email_templates.models import EmailTemplateVersion, Kind, Origin
from server.email_templates.publish import Signature, publish
from server.email_templates.source import parse_source
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient

SLUG = "hello"
BODY = """<mjml lang="en"><mj-head><mj-preview>More than the subject says.</mj-preview></mj-head>
<mj-body>
<mj-section><mj-column><mj-text css-class="editable-opening">
<p>Hello {{ contact.first_name|default("there") }}, this is about {{ account.name }} and its plans.</p>
</mj-text></mj-column></mj-section>
</mj-body>
</mjml>
"""
FILE = f"""---
# Dana looks after this one.
name: Hello
subject: Hello {{{{ account.name }}}}
category: onboarding
purpose: Say hello.
---
{BODY}"""


@dataclass
class Editor:
    """What the page of the editor sends. `form` is what stands in its fields."""

    client: SignedInClient
    slug: str = SLUG
    revision: int = 0
    based_on: str | None = None
    form: dict[str, Any] = field(
        default_factory=lambda: {
            "mjml": BODY,
            "name": "Hello",
            "subject": "Hello {{ account.name }}",
            "category": "onboarding",
            "purpose": "Say hello.",
        }
    )

    def open(self) -> str:
        return self.client.get(f"/templates/{self.slug}/edit").text

    def load(self) -> None:
        """What the page says of the draft that it shows."""
        page = self.open()
        revision = re.search(r'name="revision" value="(\d+)"', page)
        based_on = re.search(r'name="based_on" value="([^"]*)"', page)
        assert revision is not None
        assert based_on is not None
        self.revision, self.based_on = int(revision[1]), based_on[1]

    def seen(self) -> dict[str, Any]:
        if self.based_on is None:
            self.load()
        return {"revision": self.revision, "based_on": self.based_on}

    def check(self, contact: uuid.UUID | None = None, **changes: Any) -> dict[str, Any]:
        document = {**self.form, **changes, "contact_id": str(contact) if contact else None}
        answer: dict[str, Any] = self.client.post(f"/templates/{self.slug}/check", json=document).get_json()
        return answer

    def save(self, **changes: Any) -> TestResponse:
        self.form |= changes
        sent = {**self.form, **self.seen()}
        answer = self.client.post(f"/templates/{self.slug}/draft", json=sent, headers={"Accept": "application/json"})
        if answer.status_code == 200:
            self.revision, self.based_on = answer.get_json()["revision"], answer.get_json()["based_on"]
        return answer

    def picture(self, contact: uuid.UUID | None = None, mode: str = "html", theme: str = "light") -> TestResponse:
        import json

        form = {"document": json.dumps(self.form), "contact_id": str(contact or ""), "mode": mode, "theme": theme}
        return self.client.post(f"/templates/{self.slug}/preview", data=form)

    def publish(self, note: str = "", **changes: Any) -> TestResponse:
        if changes:
            assert self.save(**changes).status_code == 200
        form = {**self.seen(), "note": note}
        answer = self.client.post(f"/templates/{self.slug}/publish", data=form)
        if answer.status_code == 303:
            self.based_on = None
        return answer


@pytest.fixture
def library(runtime: Runtime, book: Book) -> Book:
    """The cast, with the template "hello" in the library."""
    publish_file(runtime, FILE)
    return book


@pytest.fixture
def dana(library: Book, sign_in: Callable[[uuid.UUID], SignedInClient]) -> SignedInClient:
    return sign_in(library.dana)


@pytest.fixture
def editor(dana: SignedInClient) -> Editor:
    return Editor(client=dana)


def publish_file(runtime: Runtime, text: str, slug: str = SLUG, kind: Kind = Kind.TEMPLATE) -> None:
    with runtime.db.transaction() as session:
        signature = Signature(origin=Origin.FILES, now=runtime.clock.now())
        publish(session, [parse_source(text, slug, kind)], signature)


def versions_of(runtime: Runtime, slug: str = SLUG) -> list[EmailTemplateVersion]:
    with runtime.db.reading() as session:
        return list(queries.versions(session, queries.by_slug(session, slug).id))


def change_contact(runtime: Runtime, contact_id: uuid.UUID, **changes: Any) -> None:
    with runtime.db.transaction() as session:
        contact = session.scalars(select(Contact).where(Contact.id == contact_id)).one()
        for name, value in changes.items():
            setattr(contact, name, value)


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)).split())
