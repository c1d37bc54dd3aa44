"""/api/v1/ctas: opening, changing, closing, snoozing, comments and undo."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.ctas import around_it, by_hand, change, close, comments, history, queries, recipe, snooze, tasks
from server.ctas.api import CtaSchema, TaskSchema
from server.ctas.change import Change, TasksToo
from server.ctas.cta_view import FORM_FIELDS
from server.ctas.models import LONGEST_NAME, CtaTask
from server.ctas.open import Wanted
from server.ctas.queries import CockpitRow
from server.ctas.tasks import NewTask, TaskChange
from server.errors import Conflict
from server.messages.clean import one_line
from server.playbooks import queries as playbooks
from server.web.api import InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor
from server.web.show import today

blueprint = api_blueprint("cta_changes", "Opening CTAs, and what is done with them")

_KEY = validate.Length(max=80)
_TOO = validate.OneOf([one.value for one in TasksToo])
_SEEN = "What stood in these fields when you read them: when it is something else by now, the answer is 409."


class OpenArgs(InputSchema):
    account_id = fields.UUID(required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_NAME))
    type = fields.String(required=True, validate=_KEY)
    reason = fields.String(load_default=None, allow_none=True, validate=_KEY)
    priority = fields.String(load_default=None, allow_none=True, validate=_KEY)
    owner_id = fields.UUID(load_default=None, allow_none=True)
    due_on = fields.Date(load_default=None, allow_none=True)
    ebr_on = fields.Date(load_default=None, allow_none=True)
    playbook = fields.String(load_default=None, allow_none=True, validate=_KEY)
    contact_ids = fields.List(fields.UUID(), validate=validate.Length(max=around_it.MOST_PERSONS))
    another = fields.Boolean(
        load_default=False,
        metadata={"description": "Open it though one of the same type and reason is open, under another name."},
    )


class ValuesSchema(InputSchema):
    """Fields of a CTA; those that are not there stay."""

    name = fields.String(validate=validate.Length(min=1, max=LONGEST_NAME))
    type = fields.String(attribute="cta_type", validate=_KEY)
    status = fields.String(validate=_KEY)
    priority = fields.String(validate=_KEY)
    reason = fields.String(allow_none=True, validate=_KEY)
    owner_id = fields.UUID()
    due_on = fields.Date(allow_none=True)
    ebr_on = fields.Date(allow_none=True)
    is_flagged = fields.Boolean()


class ChangeArgs(ValuesSchema):
    seen = fields.Nested(ValuesSchema, load_default=dict, metadata={"description": _SEEN})
    tasks_too = fields.String(load_default="none", validate=_TOO)
    dates_too = fields.String(load_default=None, allow_none=True, validate=_TOO)


class CloseArgs(InputSchema):
    status = fields.String(required=True, validate=_KEY)
    note = fields.String(load_default="", validate=validate.Length(max=close.LONGEST_NOTE))


class SnoozeCtaArgs(InputSchema):
    through = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The last day of the snooze, where the caller is; null takes a snooze back."},
    )
    reason = fields.String(load_default="", validate=validate.Length(max=snooze.LONGEST_REASON))


class CommentArgs(InputSchema):
    text = fields.String(required=True, validate=validate.Length(min=1, max=comments.LONGEST_COMMENT))


class CommentSchema(OutputSchema):
    id = fields.UUID(required=True)
    author_id = fields.UUID(allow_none=True, required=True)
    text = fields.String(required=True, metadata={"description": "Markdown; empty when it was removed."})
    created_at = fields.AwareDateTime(required=True)
    edited_at = fields.AwareDateTime(allow_none=True, required=True)
    removed_at = fields.AwareDateTime(allow_none=True, required=True)


class DeedSchema(OutputSchema):
    id = fields.UUID(required=True)
    label = fields.String(required=True)
    by_user_id = fields.UUID(allow_none=True, required=True)
    done_at = fields.AwareDateTime(required=True)
    undone_at = fields.AwareDateTime(allow_none=True, required=True)


class DoneSchema(OutputSchema):
    """`deed` is what can be undone; null when nothing was different."""

    cta = fields.Nested(CtaSchema, required=True)
    deed = fields.Nested(DeedSchema, allow_none=True, required=True)


class UndoArgs(InputSchema):
    deed_id = fields.UUID(required=True)


class TaskArgs(InputSchema):
    title = fields.String(required=True, validate=validate.Length(min=1, max=tasks.LONGEST_TITLE))
    owner_id = fields.UUID(required=True)
    due_on = fields.Date(load_default=None, allow_none=True)
    instructions = fields.String(load_default="", validate=validate.Length(max=tasks.LONGEST_INSTRUCTIONS))


class TaskValues(InputSchema):
    title = fields.String(validate=validate.Length(min=1, max=tasks.LONGEST_TITLE))
    owner_id = fields.UUID()
    due_on = fields.Date(allow_none=True)


class TaskChangeArgs(TaskValues):
    seen = fields.Nested(TaskValues, load_default=dict, metadata={"description": _SEEN})
    reason = fields.String(load_default="", validate=validate.Length(max=tasks.LONGEST_REASON))


@blueprint.route("/ctas")
class OpenCta(MethodView):
    @blueprint.arguments(OpenArgs)
    @blueprint.response(201, CtaSchema)
    @blueprint.alt_response(404, description="There is no such account or playbook.")
    @blueprint.alt_response(409, description="One of the same type and reason is open.")
    def post(self, args: dict[str, Any]) -> CockpitRow:
        """Open a CTA, with the tasks of a playbook if you name one"""
        here = runtime()
        with here.db.transaction() as session:
            wanted = Wanted(
                account_id=args["account_id"],
                name=one_line(args["name"], LONGEST_NAME),
                cta_type=args["type"],
                reason=args["reason"],
                priority=args["priority"],
                owner_id=args["owner_id"],
                due_on=args["due_on"],
                ebr_on=args["ebr_on"],
                playbook=playbooks.live(session, args["playbook"]) if args["playbook"] else None,
            )
            earlier = by_hand.like(session, wanted, another=args["another"])
            if earlier is not None:
                cure = f"Work on {earlier.id}, or send another: true with another name."
                raise Conflict(f"“{earlier.name}” is open for the same type and reason.", cure=cure)
            cta = by_hand.open_it(session, wanted, asker=require_visitor(), now=here.clock.now())
            around_it.add_persons(session, cta, args.get("contact_ids", []))
            return queries.cockpit_row(session, cta.id, today=today())


@blueprint.route("/ctas/<uuid:cta_id>")
class ChangeCta(MethodView):
    @blueprint.arguments(ChangeArgs, required=False)
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    @blueprint.alt_response(409, description="A field is no longer as you saw it, or the CTA is closed.")
    def patch(self, args: dict[str, Any], cta_id: uuid.UUID) -> dict[str, Any]:
        """Change fields of a CTA, with its open tasks if you say so"""
        wanted = Change(
            values={name: args[name] for name in (*FORM_FIELDS, "is_flagged") if name in args},
            seen=args["seen"],
            tasks_too=TasksToo(args["tasks_too"]),
            dates_too=TasksToo(args["dates_too"]) if args["dates_too"] else None,
        )
        here = runtime()
        with here.db.transaction() as session:
            cta = queries.held(session, cta_id)
            done = change.change(session, [cta], wanted, asker=require_visitor(), now=here.clock.now())
            return {"cta": queries.cockpit_row(session, cta_id, today=today()), "deed": done}


@blueprint.route("/ctas/<uuid:cta_id>/close")
class CloseCta(MethodView):
    @blueprint.arguments(CloseArgs)
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    @blueprint.alt_response(409, description="It is closed already.")
    def post(self, args: dict[str, Any], cta_id: uuid.UUID) -> dict[str, Any]:
        """Close a CTA with a status that its type has"""
        here = runtime()
        with here.db.transaction() as session:
            cta = queries.held(session, cta_id)
            done = close.close(session, [cta], **args, asker=require_visitor(), now=here.clock.now())
            return {"cta": queries.cockpit_row(session, cta_id, today=today()), "deed": done}


@blueprint.route("/ctas/<uuid:cta_id>/reopen")
class ReopenCta(MethodView):
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    @blueprint.alt_response(409, description="It is open, or another was opened for the same meanwhile.")
    def post(self, cta_id: uuid.UUID) -> dict[str, Any]:
        """Open a closed CTA again"""
        here = runtime()
        with here.db.transaction() as session:
            done = close.reopen(session, queries.held(session, cta_id), asker=require_visitor(), now=here.clock.now())
            return {"cta": queries.cockpit_row(session, cta_id, today=today()), "deed": done}


@blueprint.route("/ctas/<uuid:cta_id>/snooze")
class SnoozeCta(MethodView):
    @blueprint.arguments(SnoozeCtaArgs)
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    @blueprint.alt_response(409, description="It is closed.")
    def post(self, args: dict[str, Any], cta_id: uuid.UUID) -> dict[str, Any]:
        """Put a CTA off through a day, at most a year; or take that back"""
        here, asker = runtime(), require_visitor()
        with here.db.transaction() as session:
            cta, now = queries.held(session, cta_id), here.clock.now()
            if args["through"] is None:
                done = snooze.wake(session, cta, asker=asker, now=now)
            else:
                done = snooze.snooze(session, cta, **args, asker=asker, today=today(), now=now)
            return {"cta": queries.cockpit_row(session, cta_id, today=today()), "deed": done}


@blueprint.route("/ctas/<uuid:cta_id>/history")
class HistoryOfCta(MethodView):
    @blueprint.response(200, DeedSchema(many=True))
    @blueprint.alt_response(404, description="There is no such CTA.")
    def get(self, cta_id: uuid.UUID) -> Any:
        """What was done on a CTA, newest first"""
        with runtime().db.reading() as session:
            return history.of_cta(session, queries.cta(session, cta_id).id)


@blueprint.route("/ctas/<uuid:cta_id>/undo")
class UndoCta(MethodView):
    @blueprint.arguments(UndoArgs)
    @blueprint.response(200, DeedSchema)
    @blueprint.alt_response(404, description="There is no such CTA or change.")
    @blueprint.alt_response(409, description="Something of it was changed since; nothing was undone.")
    def post(self, args: dict[str, Any], cta_id: uuid.UUID) -> Any:
        """Undo what you did, as a whole"""
        here = runtime()
        with here.db.transaction() as session:
            queries.cta(session, cta_id)
            deed = history.deed(session, args["deed_id"])
            history.undo(session, deed, asker=require_visitor(), now=here.clock.now())
            return deed


@blueprint.route("/ctas/<uuid:cta_id>/playbook/<slug>")
class ApplyPlaybook(MethodView):
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, description="There is no such CTA or playbook.")
    @blueprint.alt_response(409, description="It is closed, or has a playbook.")
    def put(self, cta_id: uuid.UUID, slug: str) -> dict[str, Any]:
        """Give a CTA the tasks of a playbook"""
        here = runtime()
        with here.db.transaction() as session:
            cta, playbook = queries.held(session, cta_id), playbooks.live(session, slug.replace("\0", ""))
            done = recipe.apply(session, cta, playbook, asker=require_visitor(), now=here.clock.now())
            return {"cta": queries.cockpit_row(session, cta_id, today=today()), "deed": done}


@blueprint.route("/ctas/<uuid:cta_id>/comments")
class CommentsOfCta(MethodView):
    @blueprint.response(200, CommentSchema(many=True))
    @blueprint.alt_response(404, description="There is no such CTA.")
    def get(self, cta_id: uuid.UUID) -> Any:
        """The latest 200 comments, oldest first"""
        with runtime().db.reading() as session:
            return comments.of_cta(session, queries.cta(session, cta_id).id)


@blueprint.route("/ctas/<uuid:cta_id>/comments")
class WriteComment(MethodView):
    @blueprint.arguments(CommentArgs)
    @blueprint.response(201, CommentSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    def post(self, args: dict[str, Any], cta_id: uuid.UUID) -> Any:
        """Comment on a CTA; @ and a full name tells a colleague"""
        here = runtime()
        with here.db.transaction() as session:
            cta = queries.cta(session, cta_id)
            return comments.write(session, cta, args["text"], asker=require_visitor(), now=here.clock.now())


@blueprint.route("/ctas/<uuid:cta_id>/tasks")
class AddTask(MethodView):
    @blueprint.arguments(TaskArgs)
    @blueprint.response(201, TaskSchema)
    @blueprint.alt_response(404, description="There is no such CTA.")
    @blueprint.alt_response(409, description="The CTA is closed, or has too many tasks.")
    def post(self, args: dict[str, Any], cta_id: uuid.UUID) -> CtaTask:
        """Add a to-do"""
        here = runtime()
        with here.db.transaction() as session:
            cta = queries.held(session, cta_id)
            return tasks.add(session, cta, NewTask(**args), asker=require_visitor(), now=here.clock.now())


@blueprint.route("/tasks/<uuid:task_id>")
class ChangeTask(MethodView):
    @blueprint.arguments(TaskChangeArgs, required=False)
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(404, description="There is no such task.")
    @blueprint.alt_response(409, description="A field is no longer as you saw it, or the task is done.")
    def patch(self, args: dict[str, Any], task_id: uuid.UUID) -> CtaTask:
        """Change owner, day or title of a task"""
        here, seen, reason = runtime(), args.pop("seen"), args.pop("reason")
        with here.db.transaction() as session:
            task = queries.held_task(session, task_id)
            wanted = TaskChange(values=args, seen=seen, reason=reason)
            tasks.edit(session, task, wanted, asker=require_visitor(), now=here.clock.now())
            return task
