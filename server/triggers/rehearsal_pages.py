"""The pages of a rehearsal. The page comes at once and asks for the rest, which takes seconds for a large book."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from server.errors import Invalid
from server.playbooks.problems import PlaybookInvalid
from server.triggers import queries, scenes
from server.triggers.rehearse import DAYS, LONGEST, Rehearsal, compared, rehearse
from server.triggers.scenes import Scene
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial

blueprint = Blueprint("rehearsal", __name__)

_OPENINGS_SHOWN = 100
_TWICE_SHOWN = 50


@blueprint.get("/triggers/<slug>/rehearse")
def of_trigger(slug: str) -> str:
    with runtime().db.reading() as session:
        row = queries.by_slug(session, slug)
        scene = scenes.of_trigger(session, row)
    back = Crumb(label=row.name, href=url_for("triggers.trigger", slug=slug))
    crumbs = [Crumb(label="Triggers", href=url_for("triggers.trigger_list")), back]
    return _answer(scene, crumbs, url_for(".of_trigger", slug=slug), "triggers")


@blueprint.get("/playbooks/<slug>/rehearse")
def of_playbook(slug: str) -> str:
    edit = url_for("playbook_editor.edit", playbook_slug=slug)
    with runtime().db.reading() as session:
        try:
            scene = scenes.of_playbook(session, slug)
        except PlaybookInvalid:
            what = "The draft has problems, so nobody can say what it would do."
            raise Invalid(what, cure="Open it with Edit: there they stand, each with its line and its cure.") from None
    crumbs = [
        Crumb(label="Playbooks", href=url_for("playbooks.library")),
        Crumb(label=scene.title, href=url_for("playbooks.playbook", playbook_slug=slug)),
    ]
    return _answer(scene, crumbs, url_for(".of_playbook", slug=slug), "playbooks", edit=edit)


def _answer(scene: Scene, crumbs: list[Crumb], here: str, active: str, *, edit: str | None = None) -> str:
    days = _days()
    if not wants_partial():
        return page(
            "triggers/rehearse.html",
            active=active,
            crumbs=[*crumbs, Crumb(label="Rehearsal")],
            title=scene.title,
            note=scene.note,
            days=days,
            choices=[30, 90, 180, 365],
            here=here,
            edit_href=edit,
            load_href=f"{here}?days={days}",
        )
    now = runtime().clock.now()
    with runtime().db.reading() as session:
        draft = rehearse(session, scene.draft, now=now, days=days)
        live = rehearse(session, scene.live, now=now, days=days) if scene.live is not None else None
    return render_template("triggers/_rehearsal.html", **shown(draft, live))


def _days() -> int:
    text = request.args.get("days", str(DAYS))
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= days <= LONGEST:
        raise Invalid("For how many days?", cure=f"Write a number from 1 to {LONGEST}.")
    return days


def shown(draft: Rehearsal, live: Rehearsal | None) -> dict[str, Any]:
    """As triggers/_rehearsal.html takes it."""
    weeks = draft.weeks
    people = sorted({name for name, _ in draft.minutes} | {name for name, _ in (live.minutes if live else ())})
    return {
        "has_live": live is not None,
        "numbers": [
            {"label": label, "value": f"{value:,g}", "live": f"{other:,g}" if other is not None else "",
             "change": _change(value, other)}
            for label, (value, other) in compared(draft, live).items()
        ],
        "weeks": [f"{one.day} {one:%b}" for one in weeks],
        "people": [
            {
                "name": name,
                "hours": [_hours(draft.minutes[(name, week)]) for week in weeks],
                "total": _hours(sum(draft.minutes[(name, week)] for week in weeks)),
                "live": _hours(sum(live.minutes[(name, week)] for week in weeks)) if live else "",
            }
            for name in people
        ],
        "mails": [{"day": show.day(on), "count": count} for on, count in sorted(draft.mails.items())],
        "openings": [
            {
                "day": show.day(one.on),
                "account": {"name": one.account_name,
                            "href": url_for("customer_360.account", account_id=one.account_id)},
                "name": one.cta_name,
                "owner": one.owner_name,
                "trigger": one.trigger_name,
                "tasks": one.tasks,
            }
            for one in draft.openings[:_OPENINGS_SHOWN]
        ],
        "more_openings": max(0, len(draft.openings) - _OPENINGS_SHOWN),
        "twice": [
            {"name": one.name, "account": one.account_name, "first": show.day(one.first_on),
             "second": show.day(one.second_on), "about": one.about,
             "href": url_for("customer_360.people.contact", contact_id=one.contact_id)}
            for one in draft.twice[:_TWICE_SHOWN]
        ],
        "more_twice": max(0, len(draft.twice) - _TWICE_SHOWN),
    }  # fmt: skip


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}" if minutes else ""


def _change(value: float, other: float | None) -> str:
    if other is None or value == other:
        return ""
    return f"{value - other:+,g}"
