"""Opening CTAs: from a playbook with dates and owners; one of the same kind is updated and not doubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountChange
from server.auth import people
from server.auth.models import User
from server.ctas.models import Cta, CtaComment, CtaTask
from server.ctas.open import Outcome, PlaybookInUse, Wanted, open_cta
from server.ctas.owners import owners_of
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.playbooks.definition import Anchor, Definition, Direction, Due, IfSilent, OwnerRule, Step, TaskType, Unit
from server.playbooks.models import CompanyDay
from server.runtime import Runtime
from tests.cast import ALICE, BOB, Book

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HANDOFF = Definition(
    slug="handoff",
    name="Handoff",
    cta_type="activity",
    due=Due(amount=2, unit=Unit.WEEKS),
    steps=(
        Step(
            key="introduce",
            title="Introduce the new TAM",
            task=TaskType.EMAIL,
            template="onboarding-welcome",
            to="gitlab_admin",
            owner=OwnerRule.FORMER_TAM,
            due=Due(amount=3, unit=Unit.BUSINESS_DAYS),
            if_silent=IfSilent(after_business_days=5, template="onboarding-welcome"),
        ),
        Step(key="approve", title="Approve", owner=OwnerRule.MANAGER, needs=("introduce",), required=False),
        Step(
            key="review",
            title="Plan the renewal",
            due=Due(amount=4, unit=Unit.MONTHS, direction=Direction.BEFORE, anchor=Anchor.RENEWAL),
        ),
        Step(key="agenda", title="Send the agenda", due=Due(amount=1, unit=Unit.WEEKS, anchor=Anchor.EBR)),
    ),
)


@pytest.fixture
def session(runtime: Runtime, book: Book) -> Iterator[Session]:
    with runtime.db.transaction() as session:
        yield session


def wanted(book: Book, **values: object) -> Wanted:
    plain = {"account_id": book.account, "name": "Low use at Helios", "cta_type": "risk", "reason": "low_licence_use"}
    return Wanted(**(plain | values))  # type: ignore[arg-type]


def handed_over(session: Session, book: Book) -> User:
    """Alice's account came from Bob; Erin manages both."""
    for email in (ALICE, BOB):
        user = people.by_email(session, email)
        people.add_user(
            session, email=email, name=user.name, role=user.role, team="EMEA", time_zone=user.time_zone, now=NOW
        )
    erin = people.add_user(session, email="erin@rapport.example", name="Erin", role="manager", team="EMEA", now=NOW)
    session.add(
        AccountChange(account_id=book.account, field="tam", before=str(book.bob), after=str(book.alice), changed_at=NOW)
    )
    session.flush()
    return erin


def test_a_playbook_becomes_dated_tasks_with_three_owners(session: Session, book: Book) -> None:
    erin = handed_over(session, book)
    people.by_id(session, book.bob).country = "SE"
    session.add(CompanyDay(day_on=date(2026, 11, 25), country="SE", name="Summer party, late", is_workday=False))
    session.flush()
    found = open_cta(
        session,
        wanted(
            book,
            cta_type="activity",
            reason="tam_assigned",
            playbook=PlaybookInUse(version_id=new_id(), definition=HANDOFF),
        ),
        by_id=book.dana,
        now=NOW,
    )
    assert found.outcome is Outcome.OPENED
    cta = found.cta
    assert (cta.owner_id, cta.opened_on, cta.due_on) == (book.alice, date(2026, 11, 23), date(2026, 12, 7))
    tasks = session.scalars(select(CtaTask).where(CtaTask.cta_id == cta.id).order_by(CtaTask.position)).all()
    assert [(one.key, one.owner_id, one.due_on) for one in tasks] == [
        ("introduce", book.bob, date(2026, 11, 27)),
        ("approve", erin.id, None),
        ("review", book.alice, date(2027, 5, 30)),
        ("agenda", book.alice, None),
    ]
    email, approve = tasks[0], tasks[1]
    assert (email.kind, email.contact_role, email.waits_days) == ("email", "gitlab_admin", 5)
    assert email.silent_template_id == email.email_template_id is not None
    assert (approve.needs, approve.is_required) == ("introduce", False)


def test_the_day_of_opening_is_the_owners(session: Session, book: Book) -> None:
    people.by_id(session, book.alice).time_zone = "Pacific/Auckland"
    late = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert open_cta(session, wanted(book), by_id=None, now=late).cta.opened_on == date(2026, 11, 24)


def test_what_would_be_due_before_the_opening_is_due_on_its_day(session: Session, book: Book) -> None:
    session.get_one(Account, book.account).renewal_on = date(2026, 12, 24)
    in_use = PlaybookInUse(version_id=new_id(), definition=HANDOFF)
    cta = open_cta(session, wanted(book, cta_type="activity", reason=None, playbook=in_use), by_id=None, now=NOW).cta
    review = select(CtaTask).where(CtaTask.cta_id == cta.id, CtaTask.key == "review")
    assert session.scalars(review).one().due_on == cta.opened_on


def test_an_open_one_of_the_same_kind_is_told_and_not_doubled(session: Session, book: Book) -> None:
    first = open_cta(session, wanted(book, priority="low"), by_id=None, now=NOW).cta
    again = open_cta(session, wanted(book, name="Other", priority="high", why="Use fell to 40 %."), by_id=None, now=NOW)
    assert (again.outcome, again.cta.id, again.cta.priority, again.cta.name) == (
        Outcome.UPDATED,
        first.id,
        "high",
        "Low use at Helios",
    )
    assert [one.text for one in session.scalars(select(CtaComment))] == ["Use fell to 40 %."]
    assert open_cta(session, wanted(book, priority="low"), by_id=None, now=NOW).cta.priority == "high"


@pytest.mark.parametrize(
    ("values", "is_another"),
    [
        ({"reason": "no_conversation"}, True),
        ({"reason": None}, True),
        ({"cta_type": "digital_journey"}, True),
        ({"name": "Another"}, False),
        ({"name": "Another", "names_count": True}, True),
        ({"name": "LOW  use at helios", "names_count": True}, False),
    ],
)
def test_account_type_reason_and_if_asked_the_name_make_it_another(
    session: Session, book: Book, values: dict[str, object], is_another: bool
) -> None:
    open_cta(session, wanted(book), by_id=None, now=NOW)
    found = open_cta(session, wanted(book, **values), by_id=None, now=NOW)
    assert (found.outcome is Outcome.OPENED) is is_another


def test_a_closed_one_does_not_stand_in_the_way(session: Session, book: Book) -> None:
    trigger = new_id()
    first = open_cta(session, wanted(book, trigger_id=trigger), by_id=None, now=NOW).cta
    first.closed_at, first.open_key = NOW, None
    session.flush()
    assert open_cta(session, wanted(book, trigger_id=trigger), by_id=None, now=NOW).outcome is Outcome.OPENED


def test_a_snoozed_one_suppresses_its_like_through_its_day_where_its_owner_is(session: Session, book: Book) -> None:
    first = open_cta(session, wanted(book), by_id=None, now=NOW).cta
    first.snoozed_through = date(2026, 11, 24)
    session.flush()
    for hours, outcome in ((0, Outcome.SUPPRESSED), (37, Outcome.SUPPRESSED), (39, Outcome.UPDATED)):
        # Alice is in Paris: her 24 November is over at 23:00 UTC.
        found = open_cta(session, wanted(book, why="Again."), by_id=None, now=NOW + timedelta(hours=hours))
        assert (found.outcome, found.cta.id) == (outcome, first.id), hours
    assert len(session.scalars(select(CtaComment)).all()) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cta_type": "party"}, "'party' is not a type of CTA."),
        ({"reason": "renewal_near"}, "'renewal_near' is not a reason of a CTA for Risk."),
        ({"priority": "urgent"}, "'urgent' is not a priority."),
        ({"name": "  "}, "A CTA needs a name of at most 200 characters."),
        ({"name": "x" * 201}, "A CTA needs a name of at most 200 characters."),
    ],
)
def test_what_no_list_has_is_refused_with_what_would_be_right(
    session: Session, book: Book, values: dict[str, object], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        open_cta(session, wanted(book, **values), by_id=None, now=NOW)
    assert refused.value.detail == said
    assert refused.value.cure


def test_an_account_without_a_tam_who_works_here_needs_an_owner(session: Session, book: Book) -> None:
    people.by_id(session, book.alice).deactivated_at = NOW
    session.flush()
    with pytest.raises(Invalid, match="has no TAM who works here"):
        open_cta(session, wanted(book), by_id=None, now=NOW)
    assert open_cta(session, wanted(book), by_id=book.dana, now=NOW).cta.owner_id == book.dana
    with pytest.raises(NotFound):
        open_cta(session, wanted(book, account_id=new_id()), by_id=None, now=NOW)


def test_who_is_not_known_is_stood_in_for_by_the_tam(session: Session, book: Book) -> None:
    account = session.get_one(Account, book.account)
    assert set(owners_of(session, account).values()) == {book.alice}
    erin = handed_over(session, book)
    account.owner_id = book.dana
    session.flush()
    assert owners_of(session, account) == {
        OwnerRule.TAM: book.alice,
        OwnerRule.FORMER_TAM: book.bob,
        OwnerRule.MANAGER: erin.id,
        OwnerRule.ACCOUNT_OWNER: book.dana,
    }
    account.owner_id = book.charlie
    session.flush()
    # A viewer could not tick it off.
    assert owners_of(session, account)[OwnerRule.ACCOUNT_OWNER] == book.alice
    people.by_id(session, book.bob).deactivated_at = NOW
    session.flush()
    assert owners_of(session, account)[OwnerRule.FORMER_TAM] == book.alice
    account.tam_id = None
    session.flush()
    assert owners_of(session, account) == {}


def test_of_many_at_the_same_moment_one_is_opened(runtime: Runtime, book: Book) -> None:
    trigger, outcomes = new_id(), []
    together = threading.Barrier(4)

    def open_one() -> None:
        together.wait()
        with runtime.db.transaction() as session:
            outcomes.append(open_cta(session, wanted(book, trigger_id=trigger), by_id=None, now=NOW).outcome)

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Outcome.OPENED, *[Outcome.UPDATED] * 3]
    with runtime.db.reading() as session:
        assert len(session.scalars(select(Cta).where(Cta.trigger_id == trigger)).all()) == 1
