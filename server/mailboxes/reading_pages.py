"""The reading of one's own mailbox: begin it, see how it does, and put right what needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Invalid, NotFound
from server.mailboxes import connection, ledger, reading, reconcile, watch
from server.mailboxes.halt import heed
from server.mailboxes.health import health
from server.mailboxes.listing import window_page
from server.mailboxes.models import (
    LedgerState,
    Mailbox,
    MailboxMessage,
    MailboxReading,
    MailboxState,
    Phase,
    Reconciliation,
)
from server.mailboxes.opening import open_mailbox
from server.mailboxes.pause import is_paused
from server.ports.errors import PortError
from server.timeline.models import Level
from server.timeline.present import gmail_href
from server.web import show
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("reading", __name__)

HERE = "mailboxes.mailbox"
_PREVIEW_PAGES = 20  # of 500 messages: who has more reads "more than"
_ASIDE_SHOWN = 20
_LEVELS = {
    Level.FULL: ("Everything", "They read the text, too."),
    Level.SUBJECT: (
        "Subject and people",
        "They see that there was a mail, with whom and about what. The text is yours.",
    ),
    Level.METADATA: ("People and time only", "They see that there was a mail, and with whom."),
    Level.NOTHING: ("Nothing", "No mail of yours is logged, for nobody."),
}
_STATE_WORDS = {
    LedgerState.LOGGED: ("on timelines", "success"),
    LedgerState.EXCLUDED: ("left out", "neutral"),
    LedgerState.WAITING: ("waiting for you", "warning"),
    LedgerState.TO_READ: ("still to be read", "info"),
    LedgerState.GONE: ("gone before they were read", "neutral"),
    LedgerState.QUARANTINED: ("not readable", "danger"),
}
_RESTING = "Gmail asked to slow down, so Rapport cannot count now. You can begin all the same: it reads what there is."
_DAYS = (7, 30, 90, 365)


def shown(session: Session, mailbox: Mailbox) -> dict[str, Any]:
    """The context `reading` of mailboxes/mailbox.html."""
    here = runtime()
    now = here.clock.now()
    found = reading.of(session, mailbox.id)
    counts = ledger.counts(session, mailbox.id)
    last = reconcile.last_reconciliation(session, mailbox.id)
    interval = timedelta(seconds=here.settings.poll_interval_s)
    how = health(found, mailbox, counts, now, interval, last)
    is_on = found is not None and found.phase != Phase.OFF
    return {
        "is_on": is_on,
        "can_start": mailbox.state == MailboxState.CONNECTED,
        "health": {"label": how.label, "tone": how.tone, "sentence": how.sentence, "cure": how.cure},
        "level": (found.level if found else Level.SUBJECT.value),
        "levels": [{"value": key.value, "label": label, "text": text} for key, (label, text) in _LEVELS.items()],
        "days": _DAYS,
        "default_days": reading.DEFAULT_DAYS,
        "facts": _facts(found, mailbox) if found is not None and is_on else [],
        "paused_until": show.clock_time(mailbox.paused_until)
        if mailbox.paused_until and is_paused(mailbox, now)
        else None,
        "counts": [
            {"count": counts.of(state), "label": label, "tone": tone}
            for state, (label, tone) in _STATE_WORDS.items()
            if counts.of(state) or state in (LedgerState.LOGGED, LedgerState.EXCLUDED, LedgerState.WAITING)
        ],
        "total": counts.total,
        "by_rule": sorted(counts.by_rule.items(), key=lambda pair: -pair[1]),
        "comparison": _comparison(last) if last else None,
        "is_comparing": found is not None and found.reconcile_at is not None and found.reconcile_at <= now,
        "aside": _aside(session, mailbox),
        "urls": {
            name: url_for(f"mailboxes.reading.{name}")
            for name in ("start", "stop", "level", "widen", "preview", "compare", "retry")
        },
    }


def _facts(found: MailboxReading, mailbox: Mailbox) -> list[dict[str, Any]]:
    return [
        {"label": "Read since", "at": show.day(found.window_from.astimezone(show.zone()).date())},
        {"label": "Last look", "at": show.moment(found.caught_up_at)},
        {"label": "Next look", "at": show.moment(found.next_look_at)},
        {"label": "New mail is told by", "text": "Gmail, at once" if found.watch_expires_at else "looking regularly"},
        {"label": "Next comparison", "at": show.moment(found.reconcile_at)},
        {"label": "Connected", "at": show.moment(mailbox.connected_at)},
    ]


def _comparison(last: Reconciliation) -> dict[str, Any]:
    """The sum written out: "1,204 listed = 812 logged + 371 left out + 21 waiting + 0 unexplained"."""
    excluded = sum(int(count) for count in last.excluded.values())
    parts = [(last.logged, "logged"), (excluded, "left out"), (last.waiting, "waiting")]
    parts += [(count, name) for count, name in ((last.gone, "gone"), (last.on_their_way, "on their way")) if count]
    parts.append((last.unexplained, "unexplained"))
    return {
        "at": show.moment(last.at),
        "sum": f"{last.listed:,} listed = " + " + ".join(f"{count:,} {name}" for count, name in parts),
        "is_zero": last.unexplained == 0,
        "missed": last.missed,
    }


def _aside(session: Session, mailbox: Mailbox) -> list[dict[str, Any]]:
    statement = (
        select(MailboxMessage)
        .where(MailboxMessage.mailbox_id == mailbox.id, MailboxMessage.state == LedgerState.QUARANTINED)
        .order_by(MailboxMessage.changed_at.desc(), MailboxMessage.id)
        .limit(_ASIDE_SHOWN)
    )
    return [
        {
            "received": show.moment(row.received_at),
            "tried": show.moment(row.changed_at),
            "attempts": row.attempts,
            "reason": row.rule or "",
            "gmail_href": gmail_href(mailbox.email, row.gmail_message_id, mailbox.email),
        }
        for row in session.scalars(statement)
    ]


@blueprint.get("/mailbox/preview")
def preview() -> str:
    """How many messages the chosen days hold, asked of Gmail without keeping anything."""
    days = _days(request.args.get("days", ""))
    mailbox = _own_mailbox()
    if is_paused(mailbox, runtime().clock.now()):
        return render_template("mailboxes/_preview.html", text=_RESTING, is_problem=True)
    gmail = open_mailbox(runtime(), mailbox.id)
    if gmail is None:
        return render_template("mailboxes/_preview.html", text="Connect Gmail first.", is_problem=True)
    since = runtime().clock.now() - timedelta(days=days)
    count, token = 0, None
    try:
        for _ in range(_PREVIEW_PAGES):
            page = window_page(gmail, since=since, can_search=connection.can_read_text(mailbox), page_token=token)
            count, token = count + len(page.refs), page.next_page_token
            if token is None:
                break
    except PortError as error:
        heed(runtime().db, runtime().clock, mailbox.id, error)
        text = "Gmail did not say how many. You can begin all the same: Rapport reads what there is."
        return render_template("mailboxes/_preview.html", text=text, is_problem=True)
    more = "more than " if token is not None else ""
    text = f"Your mailbox has {more}{count:,} messages of the last {days} days. Only those with customers are kept."
    return render_template("mailboxes/_preview.html", text=text, is_problem=False)


@blueprint.post("/mailbox/reading")
def start() -> BaseResponse:
    here, mailbox = runtime(), _own_mailbox()
    level, days = _level(), _days(request.form.get("days", ""))
    with here.db.transaction() as session:
        reading.start(session, mailbox.id, level=level, days=days, now=here.clock.now())
    here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
    tell("Rapport reads your mailbox now. What it finds shows up on the timelines by itself.")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mailbox/reading/stop")
def stop() -> BaseResponse:
    here, mailbox = runtime(), _own_mailbox()
    end_watch()
    with here.db.transaction() as session:
        reading.stop(session, mailbox.id)
    tell("Your mailbox is not read any more. What is on timelines stays.")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mailbox/reading/level")
def level() -> BaseResponse:
    here, mailbox = runtime(), _own_mailbox()
    chosen, is_for_past = _level(), request.form.get("past") == "on"
    with here.db.transaction() as session:
        reading.change_level(session, mailbox.id, level=chosen, is_for_past=is_for_past, now=here.clock.now())
    if is_for_past:
        here.jobs.wake(reading.RELEVEL_JOB, mailbox_id=str(mailbox.id))
    past = "Mail logged before follows within minutes." if is_for_past else "Mail logged before keeps its level."
    tell(f"From now on colleagues see of your mail: {_LEVELS[chosen][0].lower()}. {past}")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mailbox/reading/widen")
def widen() -> BaseResponse:
    here, mailbox = runtime(), _own_mailbox()
    days = _days(request.form.get("days", ""))
    with here.db.transaction() as session:
        reading.widen(session, mailbox.id, days=days, now=here.clock.now())
    here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
    tell(f"Rapport reads {days} days back. What it has already stays as it is.")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mailbox/compare")
def compare() -> BaseResponse:
    """Reconcile now."""
    here, mailbox = runtime(), _own_mailbox()
    with here.db.transaction() as session:
        reconcile.ask_for(session, mailbox.id, here.clock.now())
    here.jobs.wake(reading.RECONCILE_JOB, mailbox_id=str(mailbox.id))
    tell("Rapport compares your mailbox with what it knows. The result stands here in a minute.", "info")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mailbox/retry")
def retry() -> BaseResponse:
    """Read again what was set aside."""
    here, mailbox = runtime(), _own_mailbox()
    with here.db.transaction() as session:
        count = ledger.reopen(session, mailbox.id, states=[LedgerState.QUARANTINED], now=here.clock.now())
    here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
    tell(f"{count:,} {'message is' if count == 1 else 'messages are'} tried again.", "info")
    return redirect(url_for(HERE), code=303)


def end_watch() -> None:
    """Ask Gmail to push no more. Nothing depends on it: a push for a mailbox that is not read is heeded by nobody."""
    here = runtime()
    with here.db.reading() as session:
        mailbox = connection.of_user(session, require_visitor().user_id)
        found = reading.of(session, mailbox.id) if mailbox is not None else None
    if mailbox is None or found is None or found.watch_expires_at is None:
        return
    gmail = open_mailbox(here, mailbox.id)
    if gmail is not None:
        watch.end(gmail, mailbox.id)


def _own_mailbox() -> Mailbox:
    """Raises NotFound."""
    with runtime().db.reading() as session:
        mailbox = connection.of_user(session, require_visitor().user_id)
    if mailbox is None:
        raise NotFound("You have no mailbox here.", cure="Connect Gmail first.")
    return mailbox


def _level() -> Level:
    """Raises Invalid."""
    try:
        return Level(request.form.get("level", ""))
    except ValueError:
        raise Invalid("What may colleagues see?", cure="Choose one of the four levels.") from None


def _days(text: str) -> int:
    """Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("How many days back?", cure="Write a whole number, such as 30.")
    return reading.checked_days(int(text))
