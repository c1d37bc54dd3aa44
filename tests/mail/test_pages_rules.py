"""The rules page and the mailbox page over HTTP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from server.mail import gmail_question
from server.mail.gmail_question import Question
from server.mail.models import InboundAddress, MailReplay, OwnDomain, SharedDomain
from server.mail.replay import run_slice
from server.mailboxes import ledger, reading
from server.mailboxes.models import LedgerState, MailboxMessage, MailboxReading, Phase, Reconciliation
from server.ports.gmail import MessageRef
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def alice(runtime: Runtime, desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


@pytest.fixture
def dana(runtime: Runtime, desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.dana)


@ON_SQLITE
def test_what_one_leaves_out_is_taken_away_and_nobody_elses_to_see(
    desk: Desk, alice: SignedInClient, sign_in: SignIn
) -> None:
    message = desk.receive(desk.letter())
    form = {"whose": "own", "value": "Priya@Helios.example"}
    assert alice.post("/mail/rules/exclude", data=form).status_code == 303
    page = alice.get("/mail/rules").text
    assert "priya@helios.example is left out from now on. 1 mail taken away." in page
    assert "has this address" in page  # it is a contact: that is said
    assert not desk.is_stored(message)
    for user_id in (desk.book.bob, desk.book.dana):
        assert "priya@helios.example" not in sign_in(user_id).get("/mail/rules").text
    undo = re.search(r'action="(/mail/rules/exclusions/[^"]+)"', page)
    assert undo is not None
    assert sign_in(desk.book.dana).post(undo[1]).status_code == 403
    assert alice.post(undo[1]).status_code == 303
    assert alice.post(undo[1]).status_code == 404


@ON_SQLITE
def test_rules_for_everybody_are_for_admins(
    desk: Desk, alice: SignedInClient, dana: SignedInClient, sign_in: SignIn, runtime: Runtime
) -> None:
    everybody = {"whose": "everybody", "value": "newsletter.example"}
    calls = [
        ("/mail/rules/exclude", everybody),
        ("/mail/rules/own-domains", {"domain": "rapport-mail.example"}),
        ("/mail/rules/shared-domains", {"domain": "portal.example"}),
        ("/mail/rules/replay", {"days": "30"}),
    ]
    for path, form in calls:
        assert alice.post(path, data=form).status_code == 403
        assert dana.post(path, data=form).status_code == 303
    page = alice.get("/mail/rules").text
    for shown in ("newsletter.example", "rapport-mail.example", "portal.example", "from your users’ addresses"):
        assert shown in page
    assert "Leave it out" in page
    assert "Another domain of ours" not in page
    assert dana.post("/mail/rules/own-domains/remove", data={"domain": "rapport-mail.example"}).status_code == 303
    assert dana.post("/mail/rules/shared-domains/remove", data={"domain": "portal.example"}).status_code == 303
    with runtime.db.reading() as session:
        assert session.scalars(select(OwnDomain.domain)).all() == []
        assert session.scalars(select(SharedDomain.domain)).all() == []
    charlie = sign_in(desk.book.charlie)
    assert charlie.get("/mail/rules").status_code == 200
    assert charlie.post("/mail/rules/exclude", data={"whose": "own", "value": "x@y.example"}).status_code == 403


@ON_SQLITE
@pytest.mark.parametrize("value", ["", "not a domain", "@", "a@b", "co.uk", "\0", "rapport.example", ALICE, "ü" * 300])
def test_what_cannot_be_left_out_is_refused_in_words(alice: SignedInClient, value: str) -> None:
    answer = alice.post("/mail/rules/exclude", data={"whose": "own", "value": value})
    assert answer.status_code == 422
    assert "rp-problem" in answer.text


@ON_SQLITE
def test_the_present_rules_are_tried_on_the_past_and_applied(
    desk: Desk, dana: SignedInClient, alice: SignedInClient, runtime: Runtime
) -> None:
    quist = desk.account("Quist", "quist.example")
    message = desk.receive(desk.letter(sender=STRANGER, subject="A private matter"), level=Level.METADATA)
    assert desk.accounts_of(message) == {quist}
    dana.post("/mail/rules/shared-domains", data={"domain": "quist.example"})
    for days in ("", "0", "99999", "x", "-3"):
        assert dana.post("/mail/rules/replay", data={"days": days}).status_code == 422
    assert dana.post("/mail/rules/replay", data={"days": "30"}).status_code == 303
    with runtime.db.reading() as session:
        [made] = session.scalars(select(MailReplay)).all()
    part = dana.get(f"/mail/rules/replay/{made.id}", headers=PARTIAL).text
    assert "every 2s" in part
    while run_slice(runtime.db, runtime.clock, made.id):
        pass
    page = dana.get("/mail/rules").text
    assert "This is what would change" in page
    assert "every 2s" not in page
    assert "A private matter" not in page
    assert desk.accounts_of(message) == {quist}
    assert alice.post(f"/mail/rules/replay/{made.id}/apply").status_code == 403
    applied = dana.post(f"/mail/rules/replay/{made.id}/apply")
    assert applied.status_code == 303
    assert dana.post(f"/mail/rules/replay/{made.id}/apply").status_code == 409
    while run_slice(runtime.db, runtime.clock, made.id):
        pass
    assert "Done" in dana.get("/mail/rules").text
    assert desk.accounts_of(message) == set()
    assert dana.get(f"/mail/rules/replay/{uuid.uuid4()}").status_code == 404


@ON_SQLITE
def test_a_secret_address_is_made_and_renewed(
    desk: Desk, app: Flask, runtime: Runtime, alice: SignedInClient, sign_in: SignIn
) -> None:
    assert "RAPPORT_INBOUND_DOMAIN" in alice.get("/mail/inbound").text
    assert alice.post("/mail/inbound").status_code == 404
    settings = replace(runtime.settings, inbound_domain="in.rapport.example")
    app.extensions["rapport_runtime"] = replace(runtime, settings=settings)
    seen = set()
    for _ in range(2):
        answer = alice.post("/mail/inbound", headers=PARTIAL)
        found = re.search(r'value="(log\+[a-z0-9]+@in\.rapport\.example)"', answer.text)
        assert found is not None
        seen.add(found[1])
    assert len(seen) == 2
    with runtime.db.reading() as session:
        [row] = session.scalars(select(InboundAddress)).all()
    assert row.user_id == desk.book.alice
    question = Question(code="525425415", email="alice@rapport.example")
    for age, is_shown in ((timedelta(hours=1), True), (gmail_question.SHOWN_FOR, False)):
        with runtime.db.transaction() as session:
            gmail_question.note(session, desk.book.alice, question, runtime.clock.now() - age)
        assert ("525425415" in alice.get("/mail/inbound").text) is is_shown
    assert "log+" not in sign_in(desk.book.bob).get("/mail/inbound").text
    assert sign_in(desk.book.charlie).post("/mail/inbound").status_code == 403


@ON_SQLITE
def test_reading_is_off_until_it_is_started(desk: Desk, alice: SignedInClient, runtime: Runtime) -> None:
    page = alice.get("/mailbox").text
    assert "Start reading" in page
    assert "Envelopes only" in page
    assert "Also the text of matched mail" in page
    for form in ({}, {"level": "subject"}, {"level": "all", "days": "30"}, {"level": "full", "days": "0"}):
        assert alice.post("/mailbox/reading", data=form).status_code == 422
    assert alice.post("/mailbox/reading", data={"level": "subject", "days": "30"}).status_code == 303
    with runtime.db.reading() as session:
        found = session.get_one(MailboxReading, desk.boxes[ALICE])
    assert (found.phase, found.level) == (Phase.BACKFILLING, Level.SUBJECT)
    assert "Reading your mail" in alice.get("/mailbox").text
    assert alice.post("/mailbox/reading/level", data={"level": "nothing", "past": "on"}).status_code == 422
    alice.post("/mailbox/reading/level", data={"level": "metadata"})
    alice.post("/mailbox/reading/widen", data={"days": "90"})
    with runtime.db.reading() as session:
        found = session.get_one(MailboxReading, desk.boxes[ALICE])
    assert found.level == Level.METADATA
    assert found.window_from < runtime.clock.now() - timedelta(days=89)
    alice.post("/mailbox/reading/stop")
    assert "Start reading" in alice.get("/mailbox").text


@ON_SQLITE
def test_the_mailbox_page_tells_every_count_and_the_sum(desk: Desk, alice: SignedInClient, runtime: Runtime) -> None:
    box, now = desk.boxes[ALICE], runtime.clock.now()
    with runtime.db.transaction() as session:
        begun = reading.start(session, box, level=Level.SUBJECT, days=30, now=now)
        begun.phase, begun.caught_up_at, begun.list_from, begun.history_id = Phase.FOLLOWING, now, None, "7"
        refs = [MessageRef(gmail_message_id=f"{n:016x}", gmail_thread_id="t") for n in range(5)]
        ledger.add(session, box, refs, now)
        rows = session.scalars(select(MailboxMessage).where(MailboxMessage.mailbox_id == box)).all()
        states = [LedgerState.LOGGED, LedgerState.EXCLUDED, LedgerState.EXCLUDED, LedgerState.WAITING]
        for row, state in zip(rows, states, strict=False):
            ledger.settle(session, row.id, state, rule="internal_only", received_at=now, now=now)
        ledger.quarantine(session, rows[4].id, reason="RecursionError", now=now)
        session.add(
            Reconciliation(mailbox_id=box, at=now, window_from=now, listed=1204, logged=812, excluded={"bulk": 371},
                           waiting=21, gone=0, on_their_way=0, missed=0, unexplained=0)
        )  # fmt: skip
    page = alice.get("/mailbox").text
    assert "1,204 listed = 812 logged + 371 left out + 21 waiting + 0 unexplained" in page
    assert "Needs you." in page
    assert "Only colleagues are in it" in page
    assert "RecursionError" in page
    alice.post("/mailbox/retry")
    with runtime.db.reading() as session:
        assert ledger.counts(session, box).of(LedgerState.QUARANTINED) == 0
    alice.post("/mailbox/compare")
    with runtime.db.reading() as session:
        at = session.get_one(MailboxReading, box).reconcile_at
    assert at is not None
    assert at <= runtime.clock.now()


@ON_SQLITE
def test_whoever_has_no_mailbox_is_told_so(desk: Desk, sign_in: SignIn) -> None:
    dana = sign_in(desk.book.dana)
    assert "Connect your Gmail" in dana.get("/mailbox").text
    for path in ("/mailbox/reading", "/mailbox/retry", "/mailbox/compare", "/mailbox/reading/stop"):
        assert dana.post(path, data={"level": "subject", "days": "30"}).status_code == 404
    assert dana.get("/mailbox/preview?days=30").status_code == 404
    assert "Connect your Gmail" in dana.get("/mail/unmatched").text


@ON_SQLITE
def test_nobody_reads_the_mailbox_of_another(desk: Desk, alice: SignedInClient, runtime: Runtime) -> None:
    alice.post("/mailbox/reading", data={"level": "subject", "days": "30"})
    with runtime.db.reading() as session:
        assert session.get(MailboxReading, desk.boxes[BOB]) is None
