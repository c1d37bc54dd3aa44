"""/api/v1/ctas, /api/v1/tasks"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.ctas import compose, compose_send, queries, waiting, work
from server.ctas.compose import Edits, Prepared
from server.ctas.leave import CHOSEN, LeaveAt
from server.ctas.models import CtaTask
from server.ctas.queries import CockpitFilter, CockpitRow
from server.ctas.snooze import LONGEST_REASON
from server.ctas.waiting import LONGEST_WAIT, TaskState, state_of
from server.errors import Invalid
from server.playbooks import choices
from server.playbooks.models import ChoiceList
from server.sends import jobs as send_jobs
from server.sends.api import OutboundEmailSchema
from server.sends.models import OutboundEmail
from server.web.api import CursorArgs, InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor
from server.web.paging import row_marker
from server.web.show import today, wall_time

blueprint = api_blueprint("ctas", "Calls to action and their tasks")


class CtaListArgs(CursorArgs):
    mine = fields.Boolean(load_default=True)
    type = fields.String(load_default="", validate=validate.Length(max=60))
    status = fields.String(load_default="", validate=validate.Length(max=60))
    q = fields.String(load_default="", validate=validate.Length(max=100))


class TaskSchema(OutputSchema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    instructions = fields.String(required=True)
    due_on = fields.Date(allow_none=True, required=True)
    owner_id = fields.UUID(required=True)
    contact_role = fields.String(allow_none=True, required=True)
    done_at = fields.AwareDateTime(allow_none=True, required=True)
    snoozed_through = fields.Date(
        allow_none=True, required=True, metadata={"description": "The last day on which it is not to be shown."}
    )
    snooze_reason = fields.String(allow_none=True, required=True)

    state = fields.Function(
        lambda task: str(state_of(task, today())),
        required=True,
        metadata={
            "type": "string",
            "enum": [str(one) for one in TaskState],
            "description": "waiting: for the customer; replied: they answered; silent: they did not.",
        },
    )
    waiting_since = fields.AwareDateTime(allow_none=True, required=True)
    silent_on = fields.Date(
        allow_none=True,
        required=True,
        metadata={"description": "From this day on silence is something to do."},
    )
    back_on = fields.Date(allow_none=True, required=True, metadata={"description": "Until then they are away."})
    reply = fields.Function(
        lambda task: (
            {"entry_id": str(task.reply_entry_id), "at": task.replied_at.isoformat()}
            if task.replied_at and task.reply_entry_id
            else None
        ),
        required=True,
        metadata={
            "type": ["object", "null"],
            "description": "The timeline entry that woke it, and when it came: read its text from the timeline.",
        },
    )


class _Days(fields.Integer):
    """A whole number, also as JSON may write it: 3.0. A text is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise self.make_error("invalid", input=value)
        return int(value)


class WaitArgs(InputSchema):
    days = _Days(
        required=True,
        validate=validate.Range(min=1, max=LONGEST_WAIT),
        metadata={"description": "Working days from today."},
    )


class SnoozeArgs(InputSchema):
    through = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The last day of the snooze, where the caller is; null takes a snooze back."},
    )
    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_REASON))


class CtaSchema(OutputSchema):
    id = fields.UUID(required=True, attribute="cta.id")
    name = fields.String(required=True, attribute="cta.name")
    type = fields.String(required=True, attribute="cta.cta_type")
    priority = fields.String(required=True, attribute="cta.priority")
    status = fields.String(required=True, attribute="cta.status")
    due_on = fields.Date(allow_none=True, required=True, attribute="cta.due_on")
    owner_id = fields.UUID(required=True, attribute="cta.owner_id")
    account_id = fields.UUID(required=True, attribute="cta.account_id")
    account_name = fields.String(required=True, attribute="account.name")
    tasks = fields.List(fields.Nested(TaskSchema), required=True)


class CtaListSchema(OutputSchema):
    items = fields.List(fields.Nested(CtaSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class CompleteArgs(InputSchema):
    entry_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "For an email task: the timeline entry of the mail that was sent from Gmail for it."},
    )


class EmailArgs(InputSchema):
    """`contact_ids`: to whom. Subject and blocks only where they differ from the template."""

    contact_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=25))
    subject = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    blocks = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(max=20_000)))


class SendArgs(EmailArgs):
    seen = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "The digest of each contact's preview, by contact id: only what was seen is sent."},
    )
    despite = fields.List(
        fields.String(validate=validate.Length(max=80)),
        load_default=list,
        validate=validate.Length(max=200),
        metadata={"description": "Keys of the preview's warnings, to send all the same."},
    )
    leave_at = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}\Z"),
        metadata={"description": "When it leaves, such as 2027-03-04T09:00: by the clock of each who gets it."},
    )


class WarningSchema(OutputSchema):
    key = fields.String(required=True)
    text = fields.String(required=True)
    at = fields.AwareDateTime(required=True, allow_none=True)
    href = fields.String(required=True)


class PreviewSchema(OutputSchema):
    warnings = fields.List(
        fields.Nested(WarningSchema), required=True, metadata={"description": "What to know before it is sent."}
    )
    contact_id = fields.UUID(required=True, attribute="contact.id")
    subject = fields.String(allow_none=True, attribute="email.subject")
    html = fields.String(allow_none=True, attribute="email.html")
    text = fields.String(allow_none=True, attribute="email.text")
    digest = fields.String(required=True)
    problem = fields.String(required=True)
    cure = fields.String(required=True)


@blueprint.route("/ctas")
class CtaList(MethodView):
    @blueprint.arguments(CtaListArgs, location="query")
    @blueprint.response(200, CtaListSchema)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """Open CTAs by due date, or those of one status"""
        wanted = CockpitFilter(
            owner_id=require_visitor().user_id if args["mine"] else None,
            cta_type=args["type"],
            status=args["status"],
            text=args["q"].replace("\0", ""),
        )
        with runtime().db.reading() as session:
            lists = choices.of(session)
            for name, key in ((ChoiceList.TYPE, args["type"]), (ChoiceList.STATUS, args["status"])):
                if key:
                    lists.demand_known(name, key)
            found = queries.cockpit(
                session, wanted, today=today(), limit=args["limit"], after=row_marker(args["cursor"])
            )
        return {"items": found.rows, "next_cursor": str(found.next_after) if found.next_after else None}


@blueprint.route("/ctas/<uuid:cta_id>")
class CtaDetail(MethodView):
    @blueprint.response(200, CtaSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    def get(self, cta_id: uuid.UUID) -> CockpitRow:
        """One CTA with its tasks"""
        with runtime().db.reading() as session:
            return queries.cockpit_row(session, cta_id, today=today())


@blueprint.route("/tasks/<uuid:task_id>/complete")
class CompleteTask(MethodView):
    @blueprint.arguments(CompleteArgs, required=False)
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="An email task is done by sending its email.")
    def post(self, args: dict[str, Any], task_id: uuid.UUID) -> CtaTask:
        """Tick off a to-do, or an email task by a mail that was sent for it"""
        here = runtime()
        with here.db.transaction() as session:
            found = queries.held_task(session, task_id)
            work.complete(session, found, asker=require_visitor(), now=here.clock.now(), entry_id=args["entry_id"])
            return found


@blueprint.route("/tasks/<uuid:task_id>/wait-longer")
class WaitLonger(MethodView):
    @blueprint.arguments(WaitArgs)
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="It does not wait for the customer.")
    def post(self, args: dict[str, Any], task_id: uuid.UUID) -> CtaTask:
        """Wait some more working days for the customer"""
        here = runtime()
        with here.db.transaction() as session:
            found = queries.task(session, task_id)
            work.demand_task(session, found, require_visitor())
            waiting.wait_longer(session, found, days=args["days"], now=here.clock.now())
            return found


@blueprint.route("/tasks/<uuid:task_id>/reopen")
class ReopenTask(MethodView):
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="An email that has left cannot be taken back.")
    def post(self, task_id: uuid.UUID) -> CtaTask:
        """Take the tick of a to-do back"""
        with runtime().db.transaction() as session:
            found = queries.held_task(session, task_id)
            work.reopen(session, found, asker=require_visitor(), now=runtime().clock.now())
            return found


@blueprint.route("/tasks/<uuid:task_id>/snooze")
class SnoozeTask(MethodView):
    @blueprint.arguments(SnoozeArgs)
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="The task is done, or its CTA is closed.")
    def post(self, args: Mapping[str, Any], task_id: uuid.UUID) -> CtaTask:
        """Put a task off through a day, at most a year; or take that back"""
        with runtime().db.transaction() as session:
            found = queries.held_task(session, task_id)
            if args["through"] is None:
                work.wake(session, found, asker=require_visitor())
            else:
                work.snooze(
                    session,
                    found,
                    through=args["through"],
                    reason=args["reason"],
                    asker=require_visitor(),
                    today=today(),
                )
            return found


@blueprint.route("/tasks/<uuid:task_id>/email/preview")
class PreviewEmail(MethodView):
    @blueprint.arguments(EmailArgs)
    @blueprint.response(200, PreviewSchema(many=True))
    @blueprint.alt_response(404, description="There is no such task.")
    def post(self, args: dict[str, Any], task_id: uuid.UUID) -> list[dict[str, Any]]:
        """What each contact would get, exactly"""
        here = runtime()
        composition, prepared = _prepared(args, task_id)
        with here.db.reading() as session:
            found = compose_send.cautions(session, composition, args["contact_ids"], here.clock.now())
        return [
            {
                "contact": one.contact,
                "email": one.email,
                "digest": one.digest,
                "problem": one.problem,
                "cure": one.cure,
                "warnings": [each for each in found if each.contact_id in (None, one.contact.id)],
            }
            for one in prepared
        ]


@blueprint.route("/tasks/<uuid:task_id>/email/send")
class SendEmail(MethodView):
    @blueprint.arguments(SendArgs)
    @blueprint.response(202, OutboundEmailSchema(many=True))
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="The preview changed, there is a new warning, or it was already sent.")
    def post(self, args: dict[str, Any], task_id: uuid.UUID) -> Sequence[OutboundEmail]:
        """Put the email of a task into the outbox, one for each contact"""
        here = runtime()
        composition, prepared = _prepared(args, task_id)
        with here.db.transaction() as session:
            rows = compose_send.send(session, composition, prepared, _word(args), now=here.clock.now())
        for mailbox_id in {row.mailbox_id for row in rows}:
            send_jobs.wake(here, mailbox_id)
        return rows


def _word(args: dict[str, Any]) -> compose_send.Word:
    day, _, time = (args["leave_at"] or "").partition("T")
    leave_at = LeaveAt(when=CHOSEN, wall=wall_time(day, time)) if day else LeaveAt()
    return compose_send.Word(seen=args["seen"], despite=args["despite"], leave_at=leave_at)


def _prepared(args: dict[str, Any], task_id: uuid.UUID) -> tuple[compose.Composition, list[Prepared]]:
    here = runtime()
    with here.db.reading() as session:
        composition = compose.load(session, task_id=task_id, user_id=require_visitor().user_id, asker=require_visitor())
    edits = Edits(subject=args["subject"], blocks=args.get("blocks", {}))
    compiled = compose.edited(composition, _of_one_wording(composition, args["contact_ids"], edits))
    return composition, compose.prepare(composition, compiled, args["contact_ids"], now=here.clock.now())


def _of_one_wording(
    composition: compose.Composition, contact_ids: Sequence[uuid.UUID], edits: Edits
) -> dict[str, Edits]:
    """A changed text belongs to one wording: contacts who get different variants are written to in turn."""
    if edits.subject is None and not edits.blocks:
        return {}
    chosen = [contact for contact in composition.contacts if contact.id in contact_ids]
    slugs = {composition.wording_for(contact).slug for contact in chosen} or {composition.default.slug}
    if len(slugs) > 1:
        raise Invalid(
            f"These contacts get different variants: {', '.join(sorted(slugs))}.",
            cure="Send a changed text to the contacts of one variant at a time.",
        )
    return {slugs.pop(): edits}
