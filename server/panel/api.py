"""/api/v1/panel: what the Gmail extension shows beside a mail. It reads only; by POST, for URLs stand in logs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask.views import MethodView
from marshmallow import fields, validate

from server.accounts import queries as accounts
from server.accounts.queries import AccountView
from server.auth import people
from server.mailboxes import connection, reading
from server.panel import fill as filling
from server.panel.fill import LONGEST_VALUE, Filled
from server.panel.foresee import Draft
from server.panel.left import NOT_READ, Fate, Left, fate_of
from server.panel.situation import AccountBeside, OpenCta, Recipient, situation
from server.panel.suggest import Around, Suggestion, suggest
from server.timeline.cut import SeenEntry
from server.timeline.models import ACTIVITY_LABELS
from server.timeline.present import viewer_of
from server.web.api import InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("panel", "What stands beside a mail in Gmail")

_LONGEST_ADDRESS = 320
_MOST_PEOPLE = 100


def _address() -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=_LONGEST_ADDRESS))


def _people() -> fields.List[str]:
    return fields.List(_address(), load_default=list, validate=validate.Length(max=_MOST_PEOPLE))


class DraftSchema(InputSchema):
    written_from = fields.String(required=True, validate=validate.Length(min=1, max=_LONGEST_ADDRESS))
    to = _people()
    cc = _people()
    bcc = _people()
    gmail_thread_id = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"\A[0-9a-f]{1,20}\Z"))


class MailboxSchema(OutputSchema):
    email = fields.String(required=True)
    is_yours = fields.Boolean(required=True)
    is_connected = fields.Boolean(required=True)
    is_read = fields.Boolean(required=True)


class ContactBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    full_name = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    role_label = fields.String(required=True)
    opted_out_at = fields.AwareDateTime(required=True, allow_none=True)


class RecipientSchema(OutputSchema):
    email = fields.String(required=True)
    is_ours = fields.Boolean(required=True)
    contacts = fields.List(fields.Nested(ContactBesideSchema), required=True)


class EmailTaskSchema(OutputSchema):
    id = fields.UUID(required=True, attribute="task.id")
    title = fields.String(required=True, attribute="task.title")
    due_on = fields.Date(required=True, allow_none=True, attribute="task.due_on")
    template_slug = fields.String(required=True)
    template_name = fields.String(required=True)
    is_mine = fields.Boolean(required=True)


class OpenCtaSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    priority = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    href = fields.String(required=True)
    email_tasks = fields.List(fields.Nested(EmailTaskSchema), required=True)


class EntryBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    activity = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    direction = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True)


class AccountBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    lifecycle_stage = fields.String(required=True)
    why = fields.String(required=True, metadata={"description": "The rule that leads from the mail to this account."})
    href = fields.String(required=True)
    ctas = fields.List(fields.Nested(OpenCtaSchema), required=True)
    entries = fields.List(fields.Nested(EntryBesideSchema), required=True)


class FilingSchema(OutputSchema):
    outcome = fields.String(required=True, validate=validate.OneOf(["linked", "waiting", "excluded"]))
    words = fields.String(required=True, metadata={"description": "Where it goes, as a sentence."})
    level = fields.String(required=True, metadata={"description": "full, subject, metadata; empty if it is not kept."})
    level_words = fields.String(required=True, metadata={"description": "Who may read it, as a sentence."})


class SituationSchema(OutputSchema):
    mailbox = fields.Nested(MailboxSchema, required=True)
    filing = fields.Nested(FilingSchema, required=True)
    recipients = fields.List(fields.Nested(RecipientSchema), required=True)
    accounts = fields.List(fields.Nested(AccountBesideSchema), required=True)


@blueprint.route("/panel/situation")
class PanelSituation(MethodView):
    @blueprint.arguments(DraftSchema)
    @blueprint.response(200, SituationSchema)
    def post(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Who is written to, what is open with them, and where the mail would go"""
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            user = people.by_id(session, visitor.user_id)
            found = situation(
                session,
                Draft(
                    written_from=draft["written_from"],
                    to=tuple(draft["to"]),
                    cc=tuple(draft["cc"]),
                    bcc=tuple(draft["bcc"]),
                    gmail_thread_id=draft["gmail_thread_id"],
                ),
                user=user,
                asker=visitor,
                viewer=viewer_of(visitor),
                now=here.clock.now(),
            )
            mailbox = connection.of_user(session, visitor.user_id)
        filing = found.filing
        return {
            "mailbox": {
                "email": draft["written_from"],
                "is_yours": filing.is_own_mailbox,
                "is_connected": mailbox is not None and mailbox.state == "connected",
                "is_read": filing.is_read,
            },
            "filing": {
                "outcome": str(filing.decision.outcome),
                "words": filing.words,
                "level": filing.level,
                "level_words": filing.level_words,
            },
            "recipients": [_recipient(one) for one in found.recipients],
            "accounts": [_account(one) for one in found.accounts],
        }


def _recipient(one: Recipient) -> dict[str, Any]:
    return {"email": one.email, "is_ours": one.is_ours, "contacts": list(one.contacts)}


def _account(one: AccountBeside) -> dict[str, Any]:
    account = one.account
    return {
        "id": account.id,
        "name": account.name,
        "lifecycle_stage": account.stage_label,
        "why": one.why,
        "href": _home() + url_for("customer_360.account", account_id=account.id),
        "ctas": [_cta(each) for each in one.ctas],
        "entries": [_entry(each) for each in one.entries],
    }


def _cta(one: OpenCta) -> dict[str, Any]:
    cta = one.cta
    return {
        "id": cta.id,
        "name": cta.name,
        "type": cta.cta_type,
        "priority": cta.priority,
        "due_on": cta.due_on,
        "href": _home() + url_for("playbooks.cta", cta_id=cta.id),
        "email_tasks": list(one.email_tasks),
    }


def _entry(one: SeenEntry) -> dict[str, Any]:
    return {
        "id": one.id,
        "activity": ACTIVITY_LABELS[one.activity_type],
        "occurred_at": one.occurred_at,
        "direction": one.direction,
        "subject": one.seen.subject,
    }


def _home() -> str:
    return runtime().settings.base_url


class SuggestArgs(InputSchema):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    contact_id = fields.UUID(load_default=None, allow_none=True)
    account_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=5))
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


class SuggestionSchema(OutputSchema):
    slug = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    category = fields.String(required=True)
    why = fields.String(required=True, metadata={"description": "Why it stands where it stands; may be empty."})


class SuggestionsSchema(OutputSchema):
    items = fields.List(fields.Nested(SuggestionSchema), required=True)


@blueprint.route("/panel/templates")
class PanelTemplates(MethodView):
    @blueprint.arguments(SuggestArgs)
    @blueprint.response(200, SuggestionsSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Email templates for this contact and these accounts, the likeliest first"""
        here, visitor = runtime(), require_visitor()
        around = Around(
            user_id=visitor.user_id,
            contact_id=args["contact_id"],
            account_ids=tuple(dict.fromkeys(args["account_ids"])),
        )
        with here.db.reading() as session:
            found = suggest(session, around, text=args["q"], limit=args["limit"], now=here.clock.now())
        return {"items": [_suggestion(one) for one in found]}


def _suggestion(one: Suggestion) -> dict[str, Any]:
    template = one.template
    return {
        "slug": template.slug,
        "name": template.name,
        "description": template.description,
        "category": one.category_label,
        "why": one.why,
    }


class FillArgs(InputSchema):
    contact_id = fields.UUID(required=True)
    values = fields.Dict(
        keys=fields.String(validate=validate.Length(max=80)),
        values=fields.String(validate=validate.Length(max=LONGEST_VALUE)),
        load_default=dict,
        validate=validate.Length(max=30),
        metadata={"description": "Values of merge fields that were missing, by path."},
    )


class MissingSchema(OutputSchema):
    path = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.String(required=True)


class FilledSchema(OutputSchema):
    slug = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "Name and version of the wording that was chosen."})
    version_id = fields.UUID(required=True)
    is_variant = fields.Boolean(required=True)
    subject = fields.String(required=True)
    html = fields.String(required=True, metadata={"description": "For the compose window; empty while values miss."})
    text = fields.String(required=True)
    gaps = fields.Integer(required=True, metadata={"description": "How many texts hold a … that is to be filled in."})
    missing = fields.List(fields.Nested(MissingSchema), required=True)


@blueprint.route("/panel/templates/<string(maxlength=200):slug>/fill")
class PanelFill(MethodView):
    @blueprint.arguments(FillArgs)
    @blueprint.response(200, FilledSchema)
    @blueprint.alt_response(404, description="There is no such template or contact.")
    def post(self, args: Mapping[str, Any], slug: str) -> dict[str, Any]:
        """The template for one contact, for Gmail's compose window, or what is missing"""
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            found = filling.fill(
                session,
                slug=slug,
                contact_id=args["contact_id"],
                user=people.by_id(session, visitor.user_id),
                given=args["values"],
                now=here.clock.now(),
            )
        return _filled(found)


def _filled(found: Filled) -> dict[str, Any]:
    email = found.email
    return {
        "slug": found.template.slug,
        "label": f"{found.version.name} v{found.version.number}",
        "version_id": found.version.id,
        "is_variant": found.is_variant,
        "subject": email.subject if email else "",
        "html": email.html if email else "",
        "text": email.text if email else "",
        "gaps": found.gaps,
        "missing": list(found.missing),
    }


class SentArgs(InputSchema):
    gmail_message_id = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{1,20}\Z"))


class StandsSchema(OutputSchema):
    account_id = fields.UUID(required=True)
    account_name = fields.String(required=True)
    href = fields.String(required=True)


class FateSchema(OutputSchema):
    state = fields.String(required=True, validate=validate.OneOf([str(one) for one in Left]))
    words = fields.String(required=True, metadata={"description": "What became of it, as a sentence."})
    stands = fields.List(fields.Nested(StandsSchema), required=True)


@blueprint.route("/panel/sent")
class PanelSent(MethodView):
    @blueprint.arguments(SentArgs)
    @blueprint.response(200, FateSchema)
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A mail left your mailbox: have it read now, and say what became of it

        Nothing is logged by this call: it is a hint to look, and the mailbox itself is asked. Ask again until it is
        no longer "coming".
        """
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            mailbox = connection.of_user(session, visitor.user_id)
            is_read = mailbox is not None and reading.of(session, mailbox.id) is not None
            if mailbox is None or not is_read:
                return _fate(NOT_READ, {})
            fate = fate_of(
                session, viewer_of(visitor), mailbox_id=mailbox.id, gmail_message_id=args["gmail_message_id"]
            )
            names = accounts.by_ids(session, [one.account_id for one in fate.entries])
        if fate.state is Left.COMING:
            with here.db.transaction() as session:
                reading.look_now(session, email=mailbox.email, now=here.clock.now())
            here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
        return _fate(fate, names)


def _fate(fate: Fate, names: Mapping[uuid.UUID, AccountView]) -> dict[str, Any]:
    return {
        "state": str(fate.state),
        "words": fate.words,
        "stands": [
            {
                "account_id": one.account_id,
                "account_name": names[one.account_id].name,
                "href": _home() + url_for("customer_360.account_timeline", account_id=one.account_id),
            }
            for one in fate.entries
            if one.account_id in names
        ],
    }
