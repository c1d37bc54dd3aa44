"""Emails that leave later, by the clock of who gets them. Until somebody has let them go they stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.errors import Conflict, Invalid
from server.sends import wall
from server.sends.models import OutboundEmail, OutboundState, OutboundStep


@dataclass(frozen=True, kw_only=True)
class Later:
    """`wall_time` and `zone` as they were chosen, and the instant that it is."""

    wall_time: datetime
    zone: str
    instant: datetime

    @property
    def words(self) -> str:
        return wall.words(self.wall_time, self.zone)


def later(wall_time: datetime, zone: str, now: datetime) -> Later:
    """Raises Invalid for a time that is over there, or too far away."""
    try:
        found = Later(wall_time=wall_time, zone=zone, instant=wall.instant_of(wall_time, zone))
    except OverflowError:
        raise _no_time("There is no such time.") from None
    if found.instant <= now:
        raise _no_time(f"{found.words} is over.")
    if found.instant > now + wall.FURTHEST:
        raise _no_time(f"{found.words} is more than {wall.FURTHEST.days} days away.")
    return found


def put_off(email: OutboundEmail, when: Later) -> None:
    email.not_before, email.is_held = when.instant, True
    email.wall_time, email.wall_zone = when.wall_time.isoformat(timespec="minutes"), when.zone


def change(session: Session, email: OutboundEmail, *, wall_time: datetime, now: datetime) -> None:
    """To another time in the same zone. Raises Conflict once it is under way, Invalid."""
    _demand_put_off(email)
    when = later(wall_time, email.wall_zone or "UTC", now)
    put_off(email, when)
    email.problem = email.cure = None
    _step(session, email, f"Put off to {when.words} by its sender.", now)


def send_now(session: Session, email: OutboundEmail, *, now: datetime) -> None:
    """Whatever was against it: its sender says so. Raises Conflict once it is under way."""
    _demand_put_off(email)
    let_go(session, email, now=now, detail="Sent earlier by its sender.")


def let_go(session: Session, email: OutboundEmail, *, now: datetime, detail: str = "Its time has come.") -> None:
    email.is_held, email.not_before = False, min(email.not_before, now)
    email.wall_time = email.wall_zone = email.problem = email.cure = None
    _step(session, email, detail, now)


def keep(session: Session, email: OutboundEmail, *, problem: str, now: datetime) -> None:
    """Its time has come, but something is against it that its writer did not know."""
    email.problem, email.cure = problem, "Send it now all the same, put it off, or cancel it."
    _step(session, email, f"Held back: {problem}", now)


def _demand_put_off(email: OutboundEmail) -> None:
    if email.state != OutboundState.QUEUED or not email.is_held:
        raise Conflict("This email is not waiting for its time any more.", cure="Look at its state in the outbox.")


def _step(session: Session, email: OutboundEmail, detail: str, now: datetime) -> None:
    email.changed_at = now
    session.add(OutboundStep(outbound_email_id=email.id, at=now, state=email.state, detail=detail))


def _no_time(what: str) -> Invalid:
    return Invalid(what, cure="Choose another day and time.", fields={"leave_at": what})
