"""The composer as its templates take it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.accounts.languages import language_label
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.ctas import compose, guard
from server.ctas.compose import Composition, Edits, Prepared, Wording
from server.ctas.guard import Caution
from server.ctas.leave import CHOSEN, NOW, TOMORROW
from server.ctas.models import ComposePreview
from server.email_templates.conditions import label_of
from server.errors import Invalid
from server.mailboxes.pages import banner
from server.sends import wall
from server.timeline import queries as timeline
from server.web import show
from server.web.frame import Crumb, page, runtime

_PREVIEW_LIFE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class LeaveForm:
    """When to send, as the form holds it."""

    when: str = NOW
    day: str = ""
    time: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the composer's form holds, and what became of it. `is_asked`: Send was tried, and there are warnings."""

    chosen: Sequence[uuid.UUID]
    edits: Mapping[str, Edits]
    current: str = ""
    prepared: Sequence[Prepared] = ()
    field_errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    leave: LeaveForm = field(default_factory=LeaveForm)
    cautions: Sequence[Caution] = ()
    is_asked: bool = False


def page_of(session: Session, composition: Composition, draft: Draft) -> str:
    task, cta, account = composition.task, composition.cta, composition.account
    return page(
        "ctas/compose.html",
        active="cockpit",
        crumbs=[
            Crumb(label="Cockpit", href="/cockpit"),
            Crumb(label=cta.name, href=url_for("cta_pages.cta", cta_id=cta.id)),
            Crumb(label="Write email"),
        ],
        task={"title": task.title},
        cta={"name": cta.name, "href": url_for("cta_pages.cta", cta_id=cta.id)},
        account={"name": account.name, "href": f"/accounts/{account.id}"},
        template={"name": composition.default.version.name, "version": composition.default.version.number},
        mailbox_banner=banner(composition.mailbox),
        contacts=_contacts(session, composition, draft),
        roles=_roles(composition),
        leave=_leave(composition, draft),
        uses_next=composition.uses_next,
        contacts_error=None,
        texts=[_text(composition, draft, wording) for wording in composition.wordings()],
        **preview(session, composition, draft),
    )


def _contacts(session: Session, composition: Composition, draft: Draft) -> list[dict[str, Any]]:
    written = timeline.last_emailed(session, [contact.id for contact in composition.contacts])
    bounced = contacts.bounced(session, [contact.id for contact in composition.contacts])
    recent = {
        one.contact_id: one
        for one in guard.recent_mail(
            session,
            guard.Asked(account_id=composition.account.id, contacts=composition.contacts, now=runtime().clock.now()),
        )
    }
    return [
        {
            "id": contact.id,
            "name": contact.full_name,
            "title": contact.title or "",
            "role": contact.role or "",
            "roles": [contact.role_label] if contact.role else [],
            "language": language_label(contact.language) if contact.language else "",
            "email": contact.email or "no address",
            "notes": _notes(contact, recent.get(contact.id), written.get(contact.id), contact.id in bounced),
            "is_disabled": bool(compose.why_not(contact)),
            "is_chosen": contact.id in draft.chosen,
        }
        for contact in composition.contacts
    ]


def _notes(
    contact: ContactView, recent: Caution | None, written_at: datetime | None, has_bounced: bool
) -> list[dict[str, str]]:
    """What to know of a contact before choosing them, the gravest first."""
    why_not = compose.why_not(contact)
    notes = [{"text": why_not, "tone": "warning"}] if why_not else []
    if has_bounced:
        notes.append({"text": "Mail came back", "tone": "danger"})
    if recent is not None:
        moment = show.moment(recent.at)
        who = recent.text.partition(" wrote to ")[0]
        notes.append({"text": f"{who} wrote {moment.text if moment else ''}".strip(), "tone": "warning"})
    elif written_at is not None and not why_not:
        moment = show.moment(written_at)
        notes.append({"text": f"Emailed {moment.text if moment else ''}".strip(), "tone": "info"})
    return notes


def _roles(composition: Composition) -> list[dict[str, Any]]:
    """The roles of these contacts to filter by; that of the task is chosen when somebody has it."""
    labels = {contact.role: contact.role_label for contact in composition.contacts if contact.role}
    wanted = composition.task.contact_role
    return [
        {"key": key, "label": label, "is_current": key == wanted}
        for key, label in sorted(labels.items(), key=lambda one: one[1])
    ]


def _leave(composition: Composition, draft: Draft) -> dict[str, Any]:
    now = runtime().clock.now()
    tomorrow = wall.tomorrow_morning(composition.sender.time_zone, now)
    return {
        "when": draft.leave.when,
        "day": draft.leave.day or tomorrow.date().isoformat(),
        "time": draft.leave.time or tomorrow.strftime("%H:%M"),
        "error": draft.leave.error or None,
    }


def _leaves(composition: Composition, draft: Draft, contact: ContactView) -> str:
    """When the email to this contact leaves, by their clock; "" for now and for a time that is none."""
    zone = composition.zone_of(contact)
    if draft.leave.when == TOMORROW:
        words = wall.words(wall.tomorrow_morning(zone, runtime().clock.now()), zone)
    elif draft.leave.when == CHOSEN:
        try:
            words = wall.words(show.wall_time(draft.leave.day, draft.leave.time), zone)
        except Invalid:
            return ""
    else:
        return ""
    return words if contact.time_zone else f"{words}, your zone: theirs is not known"


def _text(composition: Composition, draft: Draft, wording: Wording) -> dict[str, Any]:
    """The fields of one wording, and who gets it."""
    edits = draft.edits.get(wording.slug, Edits())
    name = compose.field_name(composition, wording, "subject")
    return {
        "when": label_of(wording.when) or "Everybody else",
        "names": [
            contact.full_name
            for contact in composition.contacts
            if not compose.why_not(contact) and composition.wording_for(contact).slug == wording.slug
        ],
        "subject": {
            "name": name,
            "value": edits.subject if edits.subject is not None else wording.source.subject,
            "original": wording.source.subject,
            "error": draft.field_errors.get(name),
        },
        "blocks": _blocks(composition, draft, wording, edits),
        "merge_fields": list(wording.original.merge_fields),
    }


def _blocks(composition: Composition, draft: Draft, wording: Wording, edits: Edits) -> list[dict[str, Any]]:
    blocks = wording.original.blocks
    return [
        {
            "name": compose.field_name(composition, wording, block.name),
            "label": "Text" if len(blocks) == 1 else block.name.replace("-", " ").capitalize(),
            "value": edits.blocks.get(block.name, block.markup),
            "original": block.markup,
            "rows": min(16, max(3, sum(1 + len(line) // 70 for line in block.markup.split("\n")))),
            "error": draft.field_errors.get(compose.field_name(composition, wording, block.name)),
        }
        for block in blocks
    ]


def preview(session: Session, composition: Composition, draft: Draft) -> dict[str, Any]:
    """The preview and the send bar, as their templates take them. Keeps the frame's HTML for an hour."""
    current = _current(draft)
    broken = [one for one in draft.prepared if one.email is None]
    errors = [{"contact": "", "text": draft.problem, "cure": "", "field_id": None}] if draft.problem else []
    errors += [
        {"contact": "", "text": text, "cure": "", "field_id": f"text-{name}"}
        for name, text in draft.field_errors.items()
    ]
    errors += [
        {"contact": one.contact.full_name, "text": one.problem, "cure": one.cure, "field_id": None} for one in broken
    ]
    return {
        "preview": {
            "contacts": [
                {
                    "id": one.contact.id,
                    "name": one.contact.full_name,
                    "is_current": one is current,
                    "has_error": one.email is None,
                }
                for one in draft.prepared
            ],
            "errors": errors,
            "current": _shown(session, composition, draft, current) if current is not None and current.email else None,
            "cautions": [
                {"key": one.key, "text": one.text, "at": show.moment(one.at), "href": one.href}
                for one in draft.cautions
            ],
            "is_asked": draft.is_asked,
            "uses_next": composition.uses_next,
            "seen": [f"{one.contact.id}:{one.digest}" for one in draft.prepared if one.email],
        },
        "send_bar": _send_bar(composition, draft),
        "urls": {
            "send": url_for("compose.send_email", task_id=composition.task.id),
            "preview": url_for("compose.preview_email", task_id=composition.task.id),
            "cancel": url_for("cta_pages.cta", cta_id=composition.cta.id),
        },
    }


def _current(draft: Draft) -> Prepared | None:
    chosen = [one for one in draft.prepared if str(one.contact.id) == draft.current]
    return chosen[0] if chosen else next(iter(draft.prepared), None)


def _shown(session: Session, composition: Composition, draft: Draft, one: Prepared) -> dict[str, str]:
    here, email = runtime(), one.email
    assert email is not None
    now = here.clock.now()
    session.execute(delete(ComposePreview).where(ComposePreview.created_at < now - _PREVIEW_LIFE))
    kept = ComposePreview(user_id=composition.sender.id, html=email.html, created_at=now)
    session.add(kept)
    sender = composition.mailbox.email if composition.mailbox else composition.sender.email
    return {
        "from_": f"{composition.sender.name} <{sender}>",
        "to": f"{one.contact.full_name} <{one.contact.email}>",
        "cc": composition.cc.email if composition.cc else "",
        "leaves": _leaves(composition, draft, one.contact),
        "subject": email.subject,
        "html_src": url_for("compose.compose_preview", preview_id=kept.id),
        "text": email.text,
    }


def _send_bar(composition: Composition, draft: Draft) -> dict[str, Any]:
    count = len(draft.prepared)
    if not composition.can_send:
        why = "Connect Gmail first."
    elif draft.problem or draft.field_errors:
        why = "Put right what is named in the preview."
    elif any(one.email is None for one in draft.prepared):
        why = "One contact cannot be written to like this: see the preview."
    else:
        why = "" if count else "Choose somebody under To."
    what = f"{count} emails" if count > 1 else "email"
    label = f"Send {what}" if draft.leave.when == NOW else f"Schedule {what}"
    return {
        "label": f"{label} all the same" if draft.is_asked and draft.cautions else label,
        "is_disabled": bool(why),
        "why": why,
        "from_address": composition.mailbox.email if composition.mailbox else composition.sender.email,
        "account_name": composition.account.name,
    }
