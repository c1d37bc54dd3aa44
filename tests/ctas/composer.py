"""The composer as a person uses it: the form of a task, its preview, its Send."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.ctas import queries
from server.email_templates import queries as email_templates
from server.email_templates.load import load_templates
from server.runtime import Runtime
from server.sends.models import OutboundEmail
from tests.cast import Book, shipped
from tests.conftest import SignedInClient


@dataclass
class Composer:
    client: SignedInClient
    task_id: uuid.UUID

    def open(self) -> str:
        return self.client.get(f"/tasks/{self.task_id}/email").text

    def preview(self, *contacts: uuid.UUID, **form: Any) -> TestResponse:
        return self.client.post(f"/tasks/{self.task_id}/email/preview", data=self._form(contacts, form))

    def send(self, *contacts: uuid.UUID, seen: list[str] | None = None, **form: Any) -> TestResponse:
        """Send what the preview shows, unless `seen` says otherwise."""
        if seen is None:
            seen = seen_in(self.preview(*contacts, **form).text)
        return self.client.post(
            f"/tasks/{self.task_id}/email/send", data=self._form(contacts, form) | {"seen": list(seen)}
        )

    def send_all_the_same(self, *contacts: uuid.UUID, **form: Any) -> TestResponse:
        """Send, and once more past the warnings that it is asked about."""
        asked = self.send(*contacts, **form)
        despite = re.findall(r'name="despite" value="([^"]+)"', asked.text)
        return self.send(*contacts, seen=seen_in(asked.text), despite=despite, **form) if despite else asked

    def body_of(self, page: str) -> str:
        found = re.search(r'<iframe sandbox src="([^"]+)"', page)
        assert found is not None, errors_in(page)
        return self.client.get(found[1]).text

    @staticmethod
    def _form(contacts: tuple[uuid.UUID, ...], form: dict[str, Any]) -> dict[str, Any]:
        return {"contact": [str(contact) for contact in contacts], **form}


def seen_in(page: str) -> list[str]:
    return re.findall(r'name="seen" value="([^"]+)"', page)


def errors_in(page: str) -> str:
    """The text of the list of what is wrong."""
    found = re.search(r'<ul class="rp-errors">(.*?)</ul>', page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def subject_in(page: str) -> str:
    found = re.search(r'<dt>Subject</dt><dd class="strong">(.*?)</dd>', page)
    return html.unescape(found[1]) if found else ""


def emails_in_outbox(runtime: Runtime) -> int:
    with runtime.db.reading() as session:
        return session.scalar(select(func.count(OutboundEmail.id))) or 0


def use_template(runtime: Runtime, book: Book, slug: str) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, shipped(slug), runtime.clock.now())
        queries.task(session, book.email_task).email_template_id = email_templates.by_slug(session, slug).id
