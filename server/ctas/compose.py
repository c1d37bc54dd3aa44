"""Writing the email of an email task: whom to, what text, exactly what each gets; then into the outbox."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people
from server.auth.models import User
from server.auth.policy import Asker
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.ctas import queries, work
from server.ctas.models import Cta, CtaTask, TaskKind
from server.email_templates import queries as email_templates
from server.email_templates.catalogue import MERGE_FIELDS
from server.email_templates.compile import CompiledTemplate, apply_edits
from server.email_templates.conditions import Conditions, choose, facts_of
from server.email_templates.models import EmailTemplate, EmailTemplateVersion
from server.email_templates.problems import EditInvalid, MissingValue, RenderRefused
from server.email_templates.render import RenderedEmail
from server.email_templates.source import TemplateSource
from server.errors import Conflict, Invalid
from server.mailboxes import connection
from server.mailboxes.models import Mailbox, MailboxState
from server.sends.fill_in import Recipient, fill_in
from server.sends.models import OutboundEmail, OutboundState

_LABELS = {merge_field.path: merge_field.label for merge_field in MERGE_FIELDS}


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What the TAM changed. Fields that equal the template's text are no change."""

    subject: str | None = None
    blocks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The task's template, or a variant of it, in the version in use. `when` says for whom a variant is."""

    template: EmailTemplate
    version: EmailTemplateVersion
    source: TemplateSource
    original: CompiledTemplate
    when: Conditions

    @property
    def slug(self) -> str:
        return self.template.slug

    @property
    def label(self) -> str:
        return f"{self.version.name} v{self.version.number}"


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Everything the composer shows. `earlier` are the emails this task has already given rise to.

    `uses_next`: its template is the one for silence. `cc` is the task's owner when a colleague writes in their place.
    """

    task: CtaTask
    cta: Cta
    account: Account
    default: Wording
    variants: Sequence[Wording]
    sender: User
    tam: User | None
    mailbox: Mailbox | None
    contacts: Sequence[ContactView]
    earlier: Sequence[OutboundEmail]
    uses_next: bool = False
    cc: User | None = None

    def recipient(self, contact: ContactView, now: datetime) -> Recipient:
        return Recipient(contact=contact, account=self.account, sender=self.sender, tam=self.tam, now=now)

    def wording_for(self, contact: ContactView) -> Wording:
        """The variant that suits this contact best, or the default."""
        facts = facts_of(language=contact.language, role=contact.role, lifecycle_stage=self.account.lifecycle_stage)
        return choose(self.default, self.variants, lambda wording: wording.when, facts)

    def wordings(self) -> list[Wording]:
        """Those that a contact of this account would get, the default first; it alone when nobody can be written to."""
        used = {self.wording_for(contact).slug for contact in self.contacts if not why_not(contact)}
        return [one for one in (self.default, *self.variants) if one.slug in used] or [self.default]

    def zone_of(self, contact: ContactView) -> str:
        """By whose clock an email to this contact leaves: theirs, or the sender's when nobody knows theirs."""
        return contact.time_zone or self.sender.time_zone

    @property
    def can_send(self) -> bool:
        return self.mailbox is not None and self.mailbox.state == MailboxState.CONNECTED

    def suggested(self) -> list[uuid.UUID]:
        """Whom the task is meant for: those it wrote to before, else the contacts of its role; nobody without one."""
        role = self.task.contact_role
        if self.task.waiting_since is not None:
            written = {email.contact_id for email in self.earlier if email.state == OutboundState.SENT}
            return [c.id for c in self.contacts if c.id in written and not why_not(c)]
        return [c.id for c in self.contacts if role and c.role == role and not why_not(c)]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """One contact's email: rendered, or what stands in the way. `digest` names exactly this subject and body."""

    contact: ContactView
    email: RenderedEmail | None
    problem: str = ""
    cure: str = ""

    @property
    def digest(self) -> str:
        if self.email is None:
            return ""
        whole = "\0".join((self.contact.email or "", self.email.subject, self.email.html, self.email.text))
        return hashlib.sha256(whole.encode()).hexdigest()


def load(
    session: Session,
    *,
    task_id: uuid.UUID,
    user_id: uuid.UUID,
    asker: Asker | None = None,
    uses_next: bool = False,
) -> Composition:
    """`uses_next`: with the template that follows silence. Who may work on the task may write in its owner's place.

    Raises NotFound, Forbidden when the task is somebody else's, Conflict when it is no email task or is done.
    """
    task = queries.task(session, task_id)
    cta = queries.cta(session, task.cta_id)
    if asker is None:
        work.demand_owner(task, cta, user_id)
    else:
        work.demand_task(session, task, asker)
    if task.kind != TaskKind.EMAIL or task.email_template_id is None:
        raise Conflict("This task has no email to write.", cure="Go back to its CTA.")
    if task.done_at is not None:
        raise Conflict("This task is done: its email has left.", cure="Look at its CTA, or at the outbox.")
    account = accounts.by_id(session, cta.account_id)
    follows = task.silent_template_id if uses_next else None
    template = email_templates.by_id(session, follows or task.email_template_id)
    return Composition(
        task=task,
        cta=cta,
        account=account,
        default=_wording(session, template),
        variants=[_wording(session, variant) for variant in email_templates.variants(session, template.id)],
        sender=people.by_id(session, user_id),
        tam=people.by_id(session, account.tam_id) if account.tam_id else None,
        mailbox=connection.of_user(session, user_id),
        contacts=contacts.of_account(session, account.id),
        earlier=queries.sends_of(session, [task.id]).get(task.id, []),
        uses_next=follows is not None,
        cc=people.by_id(session, task.owner_id) if task.owner_id != user_id else None,
    )


def _wording(session: Session, template: EmailTemplate) -> Wording:
    version = email_templates.current_version(session, template)
    source = email_templates.source_of(template, version)
    return Wording(
        template=template,
        version=version,
        source=source,
        original=email_templates.compiled(session, version),
        when=source.when,
    )


def why_not(contact: ContactView) -> str:
    """Why this contact cannot be written to, or an empty text."""
    if contact.opted_out_at is not None:
        return "Opted out"
    if contact.email is None:
        return "No address"
    return ""


def field_name(composition: Composition, wording: Wording, name: str) -> str:
    """What a form calls "subject" or a block of this wording: its own name, behind the variant's where it is one."""
    return name if wording.slug == composition.default.slug else f"{wording.slug}:{name}"


def edited(
    composition: Composition, edits: Mapping[str, Edits], chosen: Sequence[uuid.UUID] | None = None
) -> dict[str, CompiledTemplate]:
    """The wordings with the changes, which are by slug, too.

    Raises EditInvalid with fields as `field_name` says, for those wordings only that a chosen contact gets.
    """
    compiled: dict[str, CompiledTemplate] = {}
    wrong: dict[str, str] = {}
    to = [contact for contact in composition.contacts if chosen and contact.id in chosen]
    used = {composition.wording_for(contact).slug for contact in to} if to else None
    for wording in (composition.default, *composition.variants):
        compiled[wording.slug] = wording.original
        try:
            compiled[wording.slug] = _edited(wording, edits.get(wording.slug, Edits()))
        except EditInvalid as invalid:
            if used is not None and wording.slug not in used:
                continue
            wrong |= {field_name(composition, wording, name): words for name, words in invalid.fields.items()}
    if wrong:
        raise EditInvalid(wrong)
    return compiled


def _edited(wording: Wording, edits: Edits) -> CompiledTemplate:
    subject = edits.subject
    if subject is not None and subject.strip() == wording.source.subject.strip():
        subject = None
    originals = {block.name: block.markup for block in wording.original.blocks}
    changed = {name: text for name, text in edits.blocks.items() if _lines(text) != _lines(originals.get(name, ""))}
    if subject is None and not changed:
        return wording.original
    return apply_edits(wording.source, subject, {name: _lines(text) for name, text in changed.items()})


def demand_finished(
    composition: Composition, compiled: Mapping[str, CompiledTemplate], wordings: Iterable[Wording]
) -> None:
    """Raises EditInvalid for texts in which a template leaves a gap "…" for the TAM to fill."""
    words = "There is still a gap “…” in this text: fill it in, or take it out."
    gaps = {
        field_name(composition, wording, name): words
        for wording in wordings
        for name in compiled[wording.slug].unfinished
    }
    if gaps:
        raise EditInvalid(gaps)


def prepare(
    composition: Composition,
    compiled: Mapping[str, CompiledTemplate],
    chosen: Sequence[uuid.UUID],
    *,
    now: datetime,
) -> list[Prepared]:
    """The email of each chosen contact, in the order of the list, each in the wording that suits them.

    `compiled` is what `edited` gave. Raises Invalid for a contact of another account.
    """
    known = {contact.id: contact for contact in composition.contacts}
    if not set(chosen) <= known.keys():
        raise Invalid("A chosen contact does not belong to this account.", cure="Choose from the list.")
    to = [contact for contact in known.values() if contact.id in chosen]
    used = [composition.wording_for(contact) for contact in to] or composition.wordings()
    demand_finished(composition, compiled, used)
    return [_prepare(composition, compiled, contact, now) for contact in to]


def _prepare(
    composition: Composition, compiled: Mapping[str, CompiledTemplate], contact: ContactView, now: datetime
) -> Prepared:
    reason = why_not(contact)
    if reason:
        return Prepared(contact=contact, email=None, problem=f"{reason}.", cure="Leave this contact out.")
    wording = composition.wording_for(contact)
    try:
        email = fill_in(compiled[wording.slug], composition.recipient(contact, now))
        return Prepared(contact=contact, email=email)
    except MissingValue as error:
        named = ", ".join(f"{_LABELS.get(path, path)} ({path})" for path in error.missing)
        return Prepared(contact=contact, email=None, problem=f"No value for {named}.", cure=error.cure)
    except RenderRefused as error:
        return Prepared(contact=contact, email=None, problem=error.detail, cure=error.cure)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
