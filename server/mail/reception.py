"""What becomes of a mail that comes by SMTP to secret addresses, as the answer that its sender's server gets.

An answer of 250 is given after the commit only. Trouble of ours is answered with 451, and the mail server before us
tries again for days: no mail is lost, and what was stored already is known again.
"""

from __future__ import annotations

import uuid

from sqlalchemy.exc import SQLAlchemyError

from server.auth.models import User
from server.clock import Clock
from server.db import Database
from server.errors import Conflict, Forbidden, RapportError
from server.logs import logger
from server.mail.gmail_question import asked_by_gmail, note
from server.mail.holders import Holder, holder
from server.mail.inbound import admit, user_of_recipient
from server.mail.ingest import Arrival, Ingested, Intake, mails_in, source_of
from server.mail.models import InboundAddress, Route
from server.messages.model import Mail
from server.messages.read import Unreadable, read_mail

TAKEN = "250 2.0.0 Taken"
LATER = "451 4.3.0 Rapport cannot store mail at the moment; please try again later"
NOBODY = "550 5.1.1 Nobody has this address (any more)"
_LONGEST_REASON = 400  # SMTP allows 512 in a line

log = logger(__name__)


class Reception:
    """`domain` is that of the secret addresses; `trusted_mx`, see `admit`, whose findings are believed."""

    def __init__(self, db: Database, clock: Clock, *, domain: str, trusted_mx: str | None) -> None:
        self._db = db
        self._clock = clock
        self._domain = domain.lower()
        self._trusted_mx = trusted_mx

    def answer_recipient(self, recipient: str) -> str:
        """250 for an address that somebody has; never says whose it is."""
        if recipient.strip("<>").rpartition("@")[2].lower() != self._domain:
            return f"550 5.7.1 Mail for {self._domain} is taken here and no other"
        try:
            with self._db.reading() as session:
                found = user_of_recipient(session, recipient)
        except SQLAlchemyError as error:
            return _later(error)
        return TAKEN if found is not None else NOBODY

    def answer_mail(self, raw: bytes, envelope_sender: str, recipients: list[str]) -> str:
        """One answer for all recipients: later if any of them needs that, else taken if anybody took it."""
        try:
            mail = read_mail(raw)
        except Unreadable as error:
            return _refusal("554 5.6.0", error)
        try:
            owners = self._owners(recipients)
            if envelope_sender.strip("<>") == "":
                # A report of a mail server: nobody here sends from these addresses, so it is part of a loop.
                _log(owners, outcome="excluded", reason="returned_mail")
                return TAKEN
            answers = [self._take_for(owner, level, raw, mail) for owner, level in owners] or [NOBODY]
        except (SQLAlchemyError, Conflict) as error:
            return _later(error)
        return min(answers, key=lambda answer: answer[:1] != "2")

    def _owners(self, recipients: list[str]) -> list[tuple[Holder, str]]:
        """Each user once, with the level at which their mail is kept: the mailbox's, or without one the address's."""
        with self._db.reading() as session:
            rows: dict[uuid.UUID, tuple[InboundAddress, User]] = {}
            for recipient in recipients:
                found = user_of_recipient(session, recipient)
                if found is not None:
                    rows.setdefault(found[1].id, found)
            owners = [(holder(session, user), address) for address, user in rows.values()]
            return [(owner, owner.level if owner.mailbox_id else address.level) for owner, address in owners]

    def _take_for(self, owner: Holder, level: str, raw: bytes, mail: Mail) -> str:
        question = asked_by_gmail(mail, owner, trusted_mx=self._trusted_mx)
        if question is not None:
            with self._db.transaction() as session:
                note(session, owner.user_id, question, self._clock.now())
            log.info("inbound_mail", user_id=str(owner.user_id), outcome="excluded", reason="forwarding_question")
            return TAKEN
        try:
            route: Route = admit(mail.envelope, owner, trusted_mx=self._trusted_mx)
            arrival = Arrival(
                holder=owner, route=route, source=source_of(raw), level=level, received_at=self._clock.now()
            )
            incomings = mails_in(raw, mail, arrival)
        except Forbidden as error:
            log.info("inbound_mail", user_id=str(owner.user_id), outcome="refused")
            return _refusal("550 5.7.1", error)
        except Unreadable as error:
            log.info("inbound_mail", user_id=str(owner.user_id), outcome="unreadable")
            return _refusal("554 5.6.0", error)
        for one in Intake(self._db, self._clock).take(incomings):
            _log_one(owner, one)
        return TAKEN


def _log(owners: list[tuple[Holder, str]], *, outcome: str, reason: str) -> None:
    for owner, _ in owners:
        log.info("inbound_mail", user_id=str(owner.user_id), outcome=outcome, reason=reason)


def _log_one(owner: Holder, one: Ingested) -> None:
    log.info(
        "inbound_mail",
        user_id=str(owner.user_id),
        outcome=str(one.outcome),
        reason=one.reason,
        mail_message_id=str(one.message_id) if one.message_id else None,
        is_new=one.is_new,
    )


def _later(error: Exception) -> str:
    log.warning("inbound_mail_put_off", reason=type(error).__name__, exc_info=True)
    return LATER


def _refusal(code: str, error: RapportError) -> str:
    words = " ".join(f"{error.detail} {error.cure}".split())
    return f"{code} {words}"[:_LONGEST_REASON].encode("ascii", "replace").decode("ascii").rstrip()
