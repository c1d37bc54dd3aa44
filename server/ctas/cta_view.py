"""The page of one CTA, put together as ctas/cta.html takes it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people, policy
from server.auth.models import User
from server.auth.policy import Deed
from server.contacts import queries as contacts
from server.ctas import (
    answers,
    around_it,
    attachments,
    close,
    comments,
    history,
    present,
    present_email,
    queries,
    tasks,
    work,
)
from server.ctas.change import ChangedMeanwhile
from server.ctas.models import Cta, CtaTask, TaskKind
from server.ctas.snooze import LONGEST_SNOOZE
from server.email_templates import queries as email_templates
from server.mailboxes import connection
from server.mailboxes.pages import banner
from server.playbooks import choices
from server.playbooks import queries as playbooks
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList
from server.timeline import present as timeline_words
from server.timeline import queries as timeline
from server.web import markdown, show
from server.web.frame import Crumb, page, runtime
from server.web.identity import require_visitor

COCKPIT = Crumb(label="Cockpit", href="/cockpit")
# What the form for changing a CTA has; `change_pages` reads the same.
FORM_FIELDS = ("name", "cta_type", "status", "priority", "reason", "owner_id", "due_on", "ebr_on")


def cta_page(
    session: Session,
    cta_id: uuid.UUID,
    *,
    clash: ChangedMeanwhile | None = None,
    given: Mapping[str, str] | None = None,
) -> str:
    """`clash` and `given`: what somebody else changed meanwhile, and what this person had filled in."""
    visitor = require_visitor()
    found, lists = queries.cta(session, cta_id), choices.of(session)
    account = accounts.by_id(session, found.account_id)
    its_tasks = queries.tasks_of(session, [cta_id]).get(cta_id, [])
    everybody = [user for user in people.all_users(session) if user.deactivated_at is None]
    colleagues = [user for user in everybody if policy.can_own_work(user)]
    users = people.by_ids(session, {found.owner_id} | ({account.tam_id} if account.tam_id else set()))
    viewer = timeline_words.viewer_of(visitor)
    its_contacts = contacts.of_account(session, account.id)
    last = timeline.of_account(session, viewer, account.id, limit=8)
    links = around_it.linked(session, cta_id, viewer=viewer)
    may_change = found.owner_id in policy.covered(session, visitor, Deed.WORK_TASKS, {found.owner_id})
    owners = {found.owner_id, *(task.owner_id for task in its_tasks)}
    may_part = bool(policy.covered(session, visitor, Deed.WORK_TASKS, owners))
    persons = {one.id for one in around_it.persons(session, cta_id)}
    not_linked = {one.id for one in links}
    return page(
        "ctas/cta.html",
        active="cockpit",
        crumbs=[COCKPIT, Crumb(label=found.name)],
        cta=_head(session, found, lists, account, users, its_tasks),
        edit=_edit(session, found, lists, colleagues, its_tasks) if may_change and found.is_open else None,
        closing=_closing(session, found) if may_change and found.is_open else None,
        reopen_href=url_for("cta_change.reopen", cta_id=cta_id) if may_change and not found.is_open else None,
        snoozing=_snoozing(found) if may_change and found.is_open else None,
        flag_href=url_for("cta_change.flag", cta_id=cta_id) if may_change else None,
        apply=_apply(session, found) if may_change and found.is_open and found.playbook_version_id is None else None,
        clash=_clash(found, clash, given or {}) if clash else None,
        notice=_notice(session, cta_id),
        tasks=shown_tasks(session, its_tasks, found),
        new_task=_new_task(found, colleagues) if may_part and found.is_open else None,
        contacts=[present.contact_row(one) | {"id": one.id, "is_person": one.id in persons} for one in its_contacts],
        persons=[present.contact_row(one) for one in its_contacts if one.id in persons],
        persons_href=url_for("cta_change.persons", cta_id=cta_id) if may_part and its_contacts else None,
        comments=_comments(session, found),
        colleagues=[user.name for user in everybody],
        files=_files(session, found, may_part=may_part),
        links=[
            {
                **timeline_words.brief(one),
                "href": f"/accounts/{account.id}#entry-{one.id}",
                "remove_href": url_for("cta_change.unlink", cta_id=cta_id, entry_id=one.id) if may_part else None,
            }
            for one in links
        ],
        link_href=url_for("cta_change.link", cta_id=cta_id) if may_part else None,
        link_choices=[
            {"value": one.head.id, "label": f"{one.head.activity_label}: {one.head.subject}"[:120]}
            for one in last.threads
            if one.head.id not in not_linked
        ],
        history=_history(session, cta_id),
        entries=[
            {**timeline_words.brief(thread.head), "href": f"/accounts/{account.id}#entry-{thread.head.id}"}
            for thread in last.threads[:5]
        ],
        timeline_href=f"/accounts/{account.id}#timeline",
        mailbox_banner=banner(connection.of_user(session, visitor.user_id)),
    )


def shown_tasks(session: Session, found: Sequence[CtaTask], its_cta: Cta) -> list[dict[str, Any]]:
    """Tasks as ctas/_task.html takes them."""
    visitor = require_visitor()
    siblings = queries.tasks_of(session, [its_cta.id]).get(its_cta.id, [])
    owners = people.by_ids(session, {task.owner_id for task in found})
    emails = queries.sends_of(session, [task.id for task in found])
    template_ids = {task.email_template_id for task in found if task.email_template_id is not None}
    names = {template_id: email_templates.by_id(session, template_id).name for template_id in template_ids}
    workable = work.may_work(session, found, its_cta, visitor)
    colleagues = people.who_can_own_work(session) if workable else []
    may_send = policy.may(visitor, Deed.SEND_EMAILS)
    waits = answers.of_tasks(session, found, timeline_words.viewer_of(visitor), show.today())
    return [
        present.task(
            task,
            owner=owners.get(task.owner_id),
            template_name=names[task.email_template_id] if task.email_template_id else "",
            emails=emails.get(task.id, []),
            may_work=task.id in workable,
            may_write=may_send and task.id in workable,
            account_id=its_cta.account_id,
            viewer_id=visitor.user_id,
            waiting=present_email.waiting(
                task,
                waits[task.id],
                may_work=task.id in workable,
                may_write=may_send and task.id in workable,
            )
            if task.id in waits
            else None,
        )
        | _around_task(
            task, siblings, its_cta, _with(owners.get(task.owner_id), colleagues), may_work=task.id in workable
        )
        for task in found
    ]


def _with(owner: User | None, colleagues: Sequence[User]) -> Sequence[User]:
    """Who owns it now can be left as they are, also when nobody would choose them."""
    return colleagues if owner is None or owner.id in {user.id for user in colleagues} else [owner, *colleagues]


def _around_task(
    task: CtaTask, siblings: Sequence[CtaTask], its_cta: Cta, colleagues: Sequence[User], *, may_work: bool
) -> dict[str, Any]:
    first = tasks.needed_first(task, siblings)
    spoken = task.kind in (TaskKind.CALL, TaskKind.MEETING)
    may_change = may_work and task.is_open and its_cta.is_open
    return {
        "instructions_html": markdown.to_html(task.instructions) if task.instructions else "",
        "after": [one.title for one in first],
        "is_optional": not task.is_required,
        "is_dropped": task.dropped_at is not None,
        "log_href": url_for("cta_tasks.done_and_log", task_id=task.id) if spoken and may_change else None,
        "menu": {
            "change_href": url_for("cta_tasks.change", task_id=task.id),
            "snooze_href": url_for("cta_tasks.snooze", task_id=task.id),
            "remove_href": url_for("cta_tasks.remove", task_id=task.id) if not task.key else None,
            "colleagues": [{"value": str(user.id), "label": user.name} for user in colleagues],
            "owner_id": str(task.owner_id),
            "due_on": task.due_on.isoformat() if task.due_on else "",
            **_days(),
        }
        if may_change
        else None,
    }


def _head(
    session: Session,
    cta: Cta,
    lists: Choices,
    account: Account,
    users: Mapping[uuid.UUID, User],
    its_tasks: Sequence[CtaTask],
) -> dict[str, Any]:
    today = show.today()
    number = playbooks.version(session, cta.playbook_version_id).number if cta.playbook_version_id else None
    return {
        "id": cta.id,
        "name": cta.name,
        "type": present.cta_type(cta, lists),
        "priority": present.priority(cta, lists),
        "status": present.status(cta, lists),
        "due": show.day(cta.due_on),
        "review": show.day(cta.ebr_on),
        "is_overdue": cta.is_open and present.is_overdue(cta.due_on),
        "is_flagged": cta.is_flagged,
        "opened": show.moment(cta.opened_at),
        "reason": present.reason(cta, lists),
        "owner": {"name": users[cta.owner_id].name},
        "playbook": f"{cta.playbook_name}{f', version {number}' if number else ''}" if cta.playbook_name else "",
        "account": present.account_card(account, present.named(users, account.tam_id)),
        **present.progress(its_tasks),
        "closed": {"at": show.moment(cta.closed_at), "note": cta.closing_note or ""} if not cta.is_open else None,
        "snooze": {
            "through": show.day(cta.snoozed_through),
            "reason": cta.snooze_reason or "",
            "wake_href": url_for("cta_change.wake", cta_id=cta.id),
        }
        if cta.is_snoozed(today)
        else None,
    }


def form_values(cta: Cta) -> dict[str, str]:
    """Its fields as a form carries them."""
    return {field: str(getattr(cta, field) or "") for field in FORM_FIELDS}


def _edit(
    session: Session, cta: Cta, lists: Choices, colleagues: Sequence[User], its_tasks: Sequence[CtaTask]
) -> dict[str, Any]:
    open_tasks = [task for task in its_tasks if task.is_open]

    def options(name: ChoiceList, cta_type: str | None = None) -> list[dict[str, str]]:
        return [{"value": one.key, "label": one.label} for one in lists.offered(name, cta_type) if not one.is_closed]

    owner = people.by_id(session, cta.owner_id)
    users = _with(owner, colleagues)
    return {
        "href": url_for("cta_change.change_it", cta_id=cta.id),
        "values": form_values(cta),
        "types": options(ChoiceList.TYPE),
        "statuses": options(ChoiceList.STATUS, cta.cta_type),
        "priorities": options(ChoiceList.PRIORITY),
        "reasons": [{"value": "", "label": "None"}, *options(ChoiceList.REASON)],
        "owners": [{"value": str(user.id), "label": user.name} for user in users],
        "open_tasks": len(open_tasks),
        "of_owner": sum(task.owner_id == cta.owner_id for task in open_tasks),
    }


def _closing(session: Session, cta: Cta) -> dict[str, Any]:
    return {
        "href": url_for("cta_change.close_it", cta_id=cta.id),
        "statuses": [
            {"value": one.key, "label": one.label + (" (say why)" if one.asks_note else "")}
            for one in close.statuses(session, cta.cta_type)
        ],
        "left": [task.title for task in close.still_open(session, cta.id)],
    }


def _snoozing(cta: Cta) -> dict[str, Any]:
    return {"href": url_for("cta_change.snooze_it", cta_id=cta.id), **_days()}


def _days() -> dict[str, str]:
    today = show.today()
    return {
        "first": today.isoformat(),
        "last": (today + LONGEST_SNOOZE).isoformat(),
        "usual": (today + timedelta(days=7)).isoformat(),
    }


def _apply(session: Session, cta: Cta) -> dict[str, Any] | None:
    offered = playbooks.all_live(session)
    rows = [{"value": slug, "label": one.definition.name} for slug, one in offered.items()]
    return {"href": url_for("cta_change.apply", cta_id=cta.id), "playbooks": rows} if rows else None


def _clash(cta: Cta, clash: ChangedMeanwhile, given: Mapping[str, str]) -> dict[str, Any]:
    stands = form_values(cta)
    return {
        "fields": clash.clashes,
        "href": url_for("cta_change.change_it", cta_id=cta.id),
        "values": {name: value for name, value in given.items() if name in FORM_FIELDS or name.endswith("_too")},
        # Of what is not in the clash, what was seen stays what was seen; the rest is seen now.
        "seen": {name: stands[name] for name in FORM_FIELDS if name in given},
        "cta_href": url_for("cta_pages.cta", cta_id=cta.id),
    }


def _notice(session: Session, cta_id: uuid.UUID) -> dict[str, Any] | None:
    """What this person has just done, with its undo."""
    try:
        deed_id = uuid.UUID(request.args.get("changed", ""))
    except ValueError:
        return None
    return next((one for one in _history(session, cta_id) if one["id"] == deed_id and one["undo_href"]), None)


def _history(session: Session, cta_id: uuid.UUID) -> list[dict[str, Any]]:
    deeds = history.of_cta(session, cta_id)
    users = people.by_ids(session, {one.by_user_id for one in deeds if one.by_user_id})
    undoable, me = history.with_changes(session, [one.id for one in deeds]), require_visitor()
    may = policy.may(me, Deed.WORK_TASKS)
    return [
        {
            "id": one.id,
            "label": one.label,
            "by": users[one.by_user_id].name if one.by_user_id in users else "Rapport",
            "at": show.moment(one.done_at),
            "undone": show.moment(one.undone_at),
            "undo_href": url_for("cta_change.undo", cta_id=cta_id, deed_id=one.id)
            if may and one.by_user_id == me.user_id and one.undone_at is None and one.id in undoable
            else None,
        }
        for one in deeds
    ]


def _new_task(cta: Cta, colleagues: Sequence[User]) -> dict[str, Any]:
    return {
        "href": url_for("cta_tasks.add", cta_id=cta.id),
        "owners": [{"value": str(user.id), "label": user.name} for user in colleagues],
        "owner_id": str(require_visitor().user_id),
    }


def _comments(session: Session, cta: Cta) -> dict[str, Any]:
    me = require_visitor()
    found = comments.of_cta(session, cta.id)
    users = people.by_ids(session, {one.author_id for one in found if one.author_id})
    may = policy.may(me, Deed.WORK_TASKS)
    return {
        "href": url_for("cta_comments.write", cta_id=cta.id) if may else None,
        "rows": [
            {
                "id": one.id,
                "by": users[one.author_id].name if one.author_id in users else "Rapport",
                "at": show.moment(one.created_at),
                "is_edited": one.edited_at is not None,
                "is_removed": one.removed_at is not None,
                "html": markdown.to_html(one.text),
                "text": one.text,
                "edit_href": url_for("cta_comments.edit", comment_id=one.id)
                if may and one.author_id == me.user_id and one.removed_at is None
                else None,
                "remove_href": url_for("cta_comments.remove", comment_id=one.id),
            }
            for one in found
        ],
    }


def _files(session: Session, cta: Cta, *, may_part: bool) -> dict[str, Any]:
    me = require_visitor()
    found = attachments.of_cta(session, cta.id)
    users = people.by_ids(session, {one.added_by_id for one in found})
    may = policy.may(me, Deed.WORK_TASKS)
    has_room = len(found) < attachments.MOST_FILES
    return {
        "href": url_for("cta_comments.attach", cta_id=cta.id) if may and has_room else None,
        "rows": [
            {
                "id": one.id,
                "name": one.name,
                "size": _size(one.size),
                "by": users[one.added_by_id].name,
                "at": show.moment(one.added_at),
                "href": url_for("cta_comments.file", attachment_id=one.id),
                "remove_href": url_for("cta_comments.remove_file", attachment_id=one.id)
                if may and (may_part or one.added_by_id == me.user_id)
                else None,
            }
            for one in found
        ],
    }


def _size(count: int) -> str:
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(1, round(count / 1024))} kB"


def seen_by(cta_id: uuid.UUID) -> None:
    """Who opens a CTA has seen where it names them."""
    here, me = runtime(), require_visitor()
    with here.db.reading() as session:
        waits = queries.unseen_mentions(session, me.user_id)
    if waits:
        with here.db.transaction() as session:
            comments.see(session, cta_id, user_id=me.user_id, now=here.clock.now())
