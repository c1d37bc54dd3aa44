"""The present rules, tried on the past: the preview changes nothing, and what it shows is what happens."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from server.accounts.models import AccountDomain
from server.contacts.models import Contact, FormerAccount
from server.db import Database
from server.errors import Conflict, Invalid, NotFound
from server.mail import exclusions, replay
from server.mail.models import MailLink, MailMessage, MailReplay, MailState
from server.mail.rules import load_rules, note_change
from server.timeline.models import Level
from tests.cast import BOB
from tests.mail.letters import STRANGER, Desk
from tests.mail.test_correct import sent_from_here


class At:
    """A clock that stands where the desk does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def now(self) -> datetime:
        return self._desk.now


def begin(desk: Desk, *, days: int = 30) -> uuid.UUID:
    with desk.db.transaction() as session:
        since = desk.now - timedelta(days=days)
        return replay.begin(session, since=since, by=desk.book.dana, now=desk.now + timedelta(seconds=1)).id


def run(desk: Desk, replay_id: uuid.UUID) -> MailReplay:
    while replay.run_slice(desk.db, At(desk), replay_id):
        pass
    return found(desk, replay_id)


def found(desk: Desk, replay_id: uuid.UUID) -> MailReplay:
    with desk.db.reading() as session:
        return session.get_one(MailReplay, replay_id)


def apply(desk: Desk, replay_id: uuid.UUID) -> None:
    with desk.db.transaction() as session:
        replay.apply(session, replay_id, by=desk.book.dana, now=desk.now)


def change_rules(desk: Desk) -> None:
    with desk.db.transaction() as session:
        note_change(session, what="Something.", by=None, now=desk.now)


def all_links(desk: Desk) -> set[tuple[object, ...]]:
    with desk.db.reading() as session:
        return {
            (one.mail_message_id, one.account_id, one.state, one.rule, one.by_person_id, one.timeline_entry_id)
            for one in session.scalars(select(MailLink))
        }


def past(desk: Desk) -> dict[str, uuid.UUID]:
    """Mail as it was linked by Acme's domain, which Acme then loses to Berta; and what else may be in the past."""
    acme, berta = desk.account("Acme", "acme.example"), desk.account("Berta")
    ids = {
        "moves": desk.receive(desk.letter(sender="x@acme.example", text="one")),
        "stays": desk.receive(desk.letter(text="two")),
        "waits": desk.receive(desk.letter(sender=STRANGER, text="three")),
        "decided": desk.receive(desk.letter(sender="x@acme.example", text="four")),
        "hidden": desk.receive(desk.letter(sender="y@acme.example", subject="Secret"), level=Level.METADATA),
        "sent": sent_from_here(desk)[0],
    }
    desk.link_to(ids["decided"], acme)
    with desk.db.transaction() as session:
        session.execute(delete(AccountDomain).where(AccountDomain.account_id == acme))
        session.add_all(AccountDomain(account_id=berta, domain=host) for host in ("acme.example", "quist.example"))
    return {**ids, "acme": acme, "berta": berta}


def test_a_preview_shows_what_would_change_and_changes_nothing(db: Database):
    desk = Desk.open(db)
    ids = past(desk)
    before = all_links(desk)
    shown = run(desk, begin(desk))
    assert all_links(desk) == before
    assert (shown.state, shown.done, shown.total) == ("previewed", 6, 6)
    assert shown.counts == {"link": 4, "unlink": 2, "exclude": 0, "unchanged": 2, "by_person": 1}
    by_mail = {(row["mail_message_id"], row["change"], row["account"]): row for row in shown.sample}
    moved = by_mail[(str(ids["moves"]), "link", "Berta")]
    assert moved["reason"] == "By the rules of today its domain is one of theirs"
    assert by_mail[(str(ids["moves"]), "unlink", "Acme")]["reason"] == "The rules of today do not give it"
    assert not any(word in str(shown.sample) for word in ("@", "subject", "Renewal", "Secret"))


def test_what_the_preview_showed_is_what_happens_and_it_happens_once(db: Database):
    desk = Desk.open(db)
    ids = past(desk)
    replay_id = begin(desk)
    shown = run(desk, replay_id)
    apply(desk, replay_id)
    done = run(desk, replay_id)
    assert (done.state, done.counts, done.sample) == ("applied", shown.counts, shown.sample)
    where = {name: desk.accounts_of(ids[name]) for name in ("moves", "stays", "waits", "decided", "hidden", "sent")}
    acme, berta, helios = ids["acme"], ids["berta"], desk.book.account
    assert where == {
        "moves": {berta}, "stays": {helios}, "waits": {berta}, "decided": {acme, berta}, "hidden": {berta},
        "sent": {helios},
    }  # fmt: skip
    after = all_links(desk)
    again = run(desk, begin(desk))
    assert again.counts == {"link": 0, "unlink": 0, "exclude": 0, "unchanged": 6, "by_person": 1}
    assert all_links(desk) == after


def test_what_loses_its_last_link_waits_for_a_person(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme", "acme.example")
    mail = desk.letter(sender="x@acme.example")
    message_id = desk.receive(mail)
    with db.transaction() as session:
        exclusions.shared_domain_add(session, domain="acme.example", by=desk.book.dana, now=desk.now)
    assert desk.accounts_of(message_id) == {acme}
    replay_id = begin(desk)
    assert run(desk, replay_id).counts["unlink"] == 1
    apply(desk, replay_id)
    run(desk, replay_id)
    assert (desk.mail(message_id).state, desk.ledger_of(mail)) == (MailState.WAITING, ("waiting", "nobody_known"))


def test_two_mails_of_a_conversation_do_not_hold_each_other_where_nothing_else_does(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme", "acme.example")
    first = desk.receive(desk.letter(sender="x@acme.example", cc="helper@gmail.com"), thread="t1")
    helpers = [
        desk.receive(desk.letter(sender="helper@gmail.com", text=text), thread="t1") for text in ("one", "two", "three")
    ]
    assert [desk.accounts_of(one) for one in helpers] == [{acme}] * 3
    replay_id = begin(desk)
    assert run(desk, replay_id).counts["unchanged"] == 4
    with db.transaction() as session:
        session.execute(delete(AccountDomain))
    replay_id = begin(desk)
    shown = run(desk, replay_id).counts
    assert shown["unlink"] == 4
    apply(desk, replay_id)
    assert run(desk, replay_id).counts == shown
    assert [desk.accounts_of(one) for one in (first, *helpers)] == [set()] * 4


def test_what_is_left_out_since_goes_with_the_replay(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER, cc="priya@helios.example")
    message_id = desk.receive(mail)
    desk.receive(mail, whose=BOB)
    with db.transaction() as session:
        exclusions.exclude(
            session, kind=exclusions.ExclusionKind.ADDRESS, value="else@quist.example", label="", mailbox_id=None,
            by=desk.book.dana, now=desk.now,
        )  # fmt: skip
        session.execute(exclusions.MailExclusion.__table__.update().values(value="nora@quist.example"))
    replay_id = begin(desk)
    shown = run(desk, replay_id)
    assert shown.counts["exclude"] == 1
    assert [row["reason"] for row in shown.sample] == ["Somebody in it is on everybody’s list of addresses left out"]
    apply(desk, replay_id)
    run(desk, replay_id)
    assert not desk.is_stored(message_id)
    assert desk.ledger_of(mail) == desk.ledger_of(mail, whose=BOB) == ("excluded", "excluded_address")


def test_a_contact_who_changed_company_keeps_the_past_in_a_replay(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    message_id = desk.receive(desk.letter())
    with db.transaction() as session:
        session.get_one(Contact, desk.book.priya).account_id = acme
        until = desk.now + timedelta(seconds=30)
        session.add(FormerAccount(contact_id=desk.book.priya, account_id=desk.book.account, until=until))
    replay_id = begin(desk)
    assert run(desk, replay_id).counts["unchanged"] == 1
    apply(desk, replay_id)
    run(desk, replay_id)
    assert desk.accounts_of(message_id) == {desk.book.account}


def test_a_preview_of_older_rules_is_not_applied(db: Database):
    desk = Desk.open(db)
    desk.receive(desk.letter())
    replay_id = begin(desk)
    with pytest.raises(Conflict, match="not complete"):
        apply(desk, replay_id)
    run(desk, replay_id)
    change_rules(desk)
    with pytest.raises(Conflict, match="rules were changed") as refused:
        apply(desk, replay_id)
    assert "once more" in refused.value.cure
    fresh = begin(desk)
    run(desk, fresh)
    apply(desk, fresh)
    with pytest.raises(Conflict, match="already"):
        apply(desk, fresh)
    with pytest.raises(Conflict, match="right now"):
        begin(desk)
    run(desk, fresh)
    with pytest.raises(NotFound):
        apply(desk, uuid.uuid4())


def test_slices_go_on_where_the_last_one_ended_and_begin_anew_when_the_rules_change(db: Database):
    desk = Desk.open(db)
    for number in range(5):
        desk.receive(desk.letter(text=f"Number {number}"))
    old = desk.receive(desk.letter(at=desk.now - timedelta(days=31)))
    replay_id = begin(desk)
    assert desk.is_stored(old)

    def step() -> tuple[bool, int]:
        with db.transaction() as session:
            one = session.get_one(MailReplay, replay_id)
            return replay.step(session, one, load_rules(session), desk.now, limit=2), one.done

    assert [step(), step()] == [(True, 2), (True, 4)]
    change_rules(desk)
    assert [step() for _ in range(4)] == [(True, 2), (True, 4), (False, 5), (False, 5)]
    shown = found(desk, replay_id)
    with db.transaction() as session:
        assert shown.rule_version == load_rules(session).version
    assert (shown.state, shown.counts["unchanged"]) == ("previewed", 5)


def test_a_replay_of_the_future_is_refused(sqlite_database: Database):
    desk = Desk.open(sqlite_database)
    with pytest.raises(Invalid, match="future"):
        begin(desk, days=-1)


def test_rules_that_nobody_previewed_are_not_applied(db: Database):
    desk = Desk.open(db)
    ids = past(desk)
    replay_id = begin(desk)
    run(desk, replay_id)
    apply(desk, replay_id)
    before = all_links(desk)
    change_rules(desk)
    shown = run(desk, replay_id)
    assert (shown.state, all_links(desk)) == ("previewed", before)
    apply(desk, replay_id)
    assert run(desk, replay_id).state == "applied"
    assert desk.accounts_of(ids["moves"]) == {ids["berta"]}


def test_a_mail_that_cannot_be_decided_does_not_hold_up_the_others(db: Database):
    """Its kind is one that no version of ours knows."""
    desk = Desk.open(db)
    ids = past(desk)
    with db.transaction() as session:
        session.get_one(MailMessage, ids["stays"]).kind = "of another time"
    replay_id = begin(desk)
    assert run(desk, replay_id).counts["failed"] == 1
    apply(desk, replay_id)
    done = run(desk, replay_id)
    assert (done.state, done.counts["failed"]) == ("applied", 1)
    assert desk.accounts_of(ids["moves"]) == {ids["berta"]}
    assert desk.accounts_of(ids["stays"]) == {desk.book.account}


def test_a_newsletter_that_stands_waits_and_is_not_lost(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme", "acme.example")
    message_id = desk.receive(desk.letter(sender="news@acme.example", headers={"List-Id": "<news.acme.example>"}))
    assert desk.accounts_of(message_id) == {acme}
    with db.transaction() as session:
        session.execute(delete(AccountDomain))
    replay_id = begin(desk)
    counts = run(desk, replay_id).counts
    assert (counts["exclude"], counts["unlink"]) == (0, 1)
    apply(desk, replay_id)
    run(desk, replay_id)
    assert (desk.mail(message_id).state, desk.mail(message_id).waiting_reason) == (MailState.WAITING, "nobody_known")
