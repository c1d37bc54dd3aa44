"""Delivering one claimed email: each step is committed before the next call, no call runs inside a transaction.

    queued -> claimed -> create the draft -> drafted -> sending -> send the draft -> sent

A worker may be killed between any two lines. What it leaves behind is `claimed` (no draft was committed: a new one
may be made, an orphan draft is never sent), `drafted` (not sent) or `sending`: then the mailbox is asked, because
Gmail deletes a draft when it sends it, so one draft leaves at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from server.clock import Clock
from server.contacts import queries as contacts
from server.db import Database
from server.email_templates.message import build_message
from server.errors import RapportError
from server.logs import logger
from server.mailboxes.pause import pause
from server.ports.errors import AccessLost, Missing, OutcomeUnknown, PortError, Rejected, Throttled
from server.ports.gmail import Draft, GmailMailbox, GmailMessage, MessageFormat
from server.sends import record
from server.sends.models import OutboundContent, OutboundEmail, OutboundState
from server.sends.record import Claim

ID_HEADER = "X-Rapport-Id"
_RETRY_DRAFT_AFTER = timedelta(seconds=20)

log = logger(__name__)


class Next(Enum):
    """What the lane should do after this email."""

    GO_ON = auto()
    REST = auto()
    RECONNECT = auto()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Everything that delivering one email needs. `email` is the row as it was claimed, and is not changed here."""

    db: Database
    clock: Clock
    mailbox: GmailMailbox
    email: OutboundEmail

    def run(self) -> Next:
        """Bring the email as far as it goes. Never raises for what Gmail answers."""
        claim = Claim(email_id=self.email.id, epoch=self.email.epoch, state=OutboundState(self.email.state))
        try:
            if claim.state is OutboundState.CLAIMED:
                return self._from_claimed(claim)
            if claim.state is OutboundState.DRAFTED:
                return self._send(claim, self._draft_id())
            return self._from_sending(claim)
        except record.Fenced:
            log.info("claim_was_fenced", outbound_email_id=str(self.email.id))
            return Next.GO_ON

    def _from_claimed(self, claim: Claim) -> Next:
        reason = self._reason_not_to_send()
        if reason:
            with self.db.transaction() as session:
                record.suppressed(session, claim, problem=reason, now=self.clock.now())
            return Next.GO_ON
        try:
            raw = self._message()
        except (RapportError, ValueError) as error:
            return self._fail(claim, f"The message could not be built: {error}", "Correct the contact's address.")
        try:
            self._remove_earlier_draft()
            draft = self.mailbox.create_draft(raw)
        except Rejected as error:
            return self._fail(claim, f"Gmail refused the email: {error}", "Correct it and send it again.")
        except (Missing, OutcomeUnknown) as error:
            # A draft may exist, but its id was never committed, so it is never sent. Make another one later.
            return self._wait(claim, self.clock.now() + _RETRY_DRAFT_AFTER, error, Next.REST)
        except (Throttled, AccessLost) as error:
            return self._hold(claim, error)
        return self._send(self._commit_draft(claim, draft), draft.draft_id)

    def _remove_earlier_draft(self) -> None:
        """A claimed row names a draft only when it was put back into the outbox: that one must not leave as well."""
        if self.email.draft_id is None:
            return
        try:
            self.mailbox.delete_draft(self.email.draft_id)
        except (Missing, Rejected):
            log.info("earlier_draft_not_removed", outbound_email_id=str(self.email.id))

    def _commit_draft(self, claim: Claim, draft: Draft) -> Claim:
        try:
            with self.db.transaction() as session:
                return record.drafted(
                    session,
                    claim,
                    draft_id=draft.draft_id,
                    gmail_thread_id=draft.gmail_thread_id,
                    now=self.clock.now(),
                )
        except record.Fenced:
            # Its id was never committed, so nobody can have sent it or will.
            try:
                self.mailbox.delete_draft(draft.draft_id)
            except PortError as error:
                log.warning("orphan_draft", outbound_email_id=str(claim.email_id), reason=type(error).__name__)
            raise

    def _send(self, claim: Claim, draft_id: str) -> Next:
        if claim.state is OutboundState.DRAFTED:
            reason = self._reason_not_to_send()
            if reason:
                with self.db.transaction() as session:
                    record.suppressed(session, claim, problem=reason, now=self.clock.now())
                return Next.GO_ON
            with self.db.transaction() as session:
                claim = record.sending(session, claim, now=self.clock.now())
        try:
            sent = self.mailbox.send_draft(draft_id)
        except Rejected as error:
            return self._fail(claim, f"Gmail refused the email: {error}", "Correct it and send it again.")
        except (Throttled, AccessLost) as error:
            return self._hold(claim, error)
        except (Missing, OutcomeUnknown):
            return self._unknown(claim)
        return self._sent(claim, sent.gmail_message_id, sent.gmail_thread_id)

    def _from_sending(self, claim: Claim) -> Next:
        """Its fate is unknown: ask the mailbox. A draft that is still there was not sent, so it may be sent now."""
        try:
            draft = self.mailbox.get_draft(self._draft_id())
        except Missing:
            return self._look_in_sent(claim)
        except (Throttled, AccessLost) as error:
            return self._hold(claim, error)
        except PortError:
            return self._unknown(claim)
        if self._reason_not_to_send():
            # The first call may still be under way, so it cannot be called suppressed; but it is not repeated.
            return self._unknown(claim)
        return self._send(claim, draft.draft_id)

    def _look_in_sent(self, claim: Claim) -> Next:
        try:
            thread = self.mailbox.get_thread(self.email.gmail_thread_id or "")
        except (Throttled, AccessLost) as error:
            return self._hold(claim, error)
        except PortError:
            return self._unknown(claim)
        found = self._ours(thread)
        if found is None:
            return self._unknown(claim)
        return self._sent(claim, found.gmail_message_id, found.gmail_thread_id)

    def _ours(self, thread: tuple[GmailMessage, ...]) -> GmailMessage | None:
        sent = [message for message in thread if "SENT" in message.label_ids]
        marked = [message for message in sent if message.headers.get(ID_HEADER.lower()) == str(self.email.id)]
        if marked:
            return marked[0]
        # The draft opened this thread, so a sent message in it without our header is ours with the header lost.
        unmarked = [message for message in sent if ID_HEADER.lower() not in message.headers]
        return unmarked[0] if len(unmarked) == 1 else None

    def _sent(self, claim: Claim, gmail_message_id: str, gmail_thread_id: str) -> Next:
        with self.db.transaction() as session:
            record.sent(
                session,
                claim,
                gmail_message_id=gmail_message_id,
                gmail_thread_id=gmail_thread_id,
                now=self.clock.now(),
            )
        log.info("email_sent", outbound_email_id=str(claim.email_id))
        return self._read_back(gmail_message_id)

    def _read_back(self, gmail_message_id: str) -> Next:
        """The Message-ID is Gmail's own: read it, for threading replies. It may fail; the email left all the same."""
        try:
            message = self.mailbox.get_message(gmail_message_id, message_format=MessageFormat.METADATA)
        except PortError as error:
            log.info("read_back_failed", outbound_email_id=str(self.email.id), reason=type(error).__name__)
            return self._rest_for(error)
        if "SENT" in message.label_ids:
            with self.db.transaction() as session:
                record.seen_in_sent(
                    session,
                    email_id=self.email.id,
                    rfc_message_id=message.headers.get("message-id"),
                    now=self.clock.now(),
                )
        return Next.GO_ON

    def _rest_for(self, error: PortError) -> Next:
        if not isinstance(error, Throttled):
            return Next.GO_ON
        with self.db.transaction() as session:
            reason, _ = _words_of_waiting(error)
            pause(session, self.email.mailbox_id, error.retry_at, reason)
        return Next.REST

    def _unknown(self, claim: Claim) -> Next:
        now = self.clock.now()
        with self.db.transaction() as session:
            record.unknown(
                session,
                claim,
                sending_at=self.email.sending_at or now,
                now=now,
            )
        log.warning("outcome_unknown", outbound_email_id=str(claim.email_id))
        return Next.GO_ON

    def _fail(self, claim: Claim, problem: str, cure: str) -> Next:
        with self.db.transaction() as session:
            record.failed(session, claim, problem=problem, cure=cure, now=self.clock.now())
        return Next.GO_ON

    def _hold(self, claim: Claim, error: Throttled | AccessLost) -> Next:
        """Known not done: 429 and 403 quota, or the grant is gone."""
        if isinstance(error, Throttled):
            return self._wait(claim, error.retry_at, error, Next.REST)
        return self._wait(claim, self.clock.now(), error, Next.RECONNECT)

    def _wait(self, claim: Claim, until: datetime, error: PortError, then: Next) -> Next:
        now = self.clock.now()
        problem, cure = _words_of_waiting(error)
        with self.db.transaction() as session:
            if claim.state is OutboundState.SENDING and self.email.state == OutboundState.SENDING:
                # Asked while its fate was already unknown: it stays unknown, only the next look moves.
                record.look_later(session, claim, until=until, problem=problem, cure=cure, now=now)
            else:
                record.waits(session, claim, until=until, problem=problem, cure=cure, now=now)
            if then is Next.REST:
                pause(session, self.email.mailbox_id, until, problem)
        return then

    def _reason_not_to_send(self) -> str:
        """Looked up again right before the call: people opt out, or are erased, while mail waits."""
        with self.db.reading() as session:
            found = contacts.by_ids(session, [self.email.contact_id] if self.email.contact_id else [])
        if not found:
            return "The contact no longer exists."
        contact = found[0]
        if contact.opted_out_at is not None:
            return f"{contact.full_name} has opted out of email."
        return ""

    def _message(self) -> bytes:
        with self.db.reading() as session:
            content = session.get(OutboundContent, self.email.id)
        if content is None:
            # Its person was erased since it was claimed, and with that the claim ended.
            raise record.Fenced(str(self.email.id))
        return build_message(
            sender=(self.email.from_name, self.email.from_email),
            to=(self.email.to_name, self.email.to_email),
            subject=self.email.subject,
            html=content.html,
            text=content.text,
            headers={ID_HEADER: str(self.email.id)} | ({"Cc": self.email.cc_email} if self.email.cc_email else {}),
            date=self.clock.now(),
        )

    def _draft_id(self) -> str:
        assert self.email.draft_id is not None, "drafted and sending rows have a committed draft"
        return self.email.draft_id


def _words_of_waiting(error: PortError) -> tuple[str, str]:
    if isinstance(error, AccessLost):
        return (
            "Gmail no longer accepts Rapport's access to your mailbox.",
            "Reconnect Gmail under Mailbox; the email then leaves by itself.",
        )
    if isinstance(error, Throttled):
        return (
            "Gmail asked your mailbox to slow down.",
            "Nothing to do: it goes out by itself when Gmail allows it.",
        )
    return "Gmail did not answer.", "Nothing to do: Rapport tries again shortly."
