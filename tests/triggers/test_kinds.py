"""What each kind of trigger fires for, once."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from server.accounts import changes
from server.accounts.models import Account, LifecycleStage
from server.ctas.models import Cta
from server.errors import Conflict, Invalid
from server.measures.models import MeasureName
from server.timeline.models import ActivityType
from server.triggers import queries, save
from server.triggers.models import FiringOutcome, TriggerKind
from server.triggers.save import By
from server.triggers.uploaded import promise, read_file
from server.triggers.watch import watch_of
from tests.triggers.watching import Triggers, at, day

ON = "2026-11-01 08:00"


@pytest.fixture
def ann(triggers: Triggers) -> uuid.UUID:
    return triggers.add_tam("Ann")


def test_a_new_tam_and_a_new_account_with_a_tam_open_a_cta_each(triggers: Triggers, ann: uuid.UUID) -> None:
    ben = triggers.add_tam("Ben")
    old = triggers.add_account("Old", tam=ann)
    triggers.on(TriggerKind.TAM_ASSIGNED, {}, ON, cta_name="{account}: {former_tam} to {tam}")
    assert triggers.look("2026-11-02 08:00") == 0
    triggers.add_account("New", tam=ann, created="2026-11-02 09:00")
    triggers.add_account("Nobody's", created="2026-11-02 09:00")
    with triggers.db.transaction() as session:
        account = session.get_one(Account, old)
        changes.give_tam(session, account, tam_id=ben, tam_name="Ben", now=at("2026-11-02 09:30"))
    assert triggers.look("2026-11-02 10:00") == 2
    assert {(one.name, one.owner_id) for one in triggers.ctas()} == {("Old: Ann to Ben", ben), ("New: to Ann", ann)}
    assert triggers.look("2026-11-03 10:00") == 0


def test_a_renewal_opens_one_cta_when_its_day_comes(triggers: Triggers, ann: uuid.UUID) -> None:
    triggers.add_account(tam=ann, renewal_on=day("2027-04-01"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4, "review_months": 1, "due_in_days": 30}, ON)
    assert triggers.look("2026-11-30 23:00") == 0
    assert triggers.look("2026-12-01 00:10") == 1
    cta = triggers.ctas()[0]
    assert (cta.due_on, cta.ebr_on) == (day("2026-12-31"), day("2027-03-01"))
    assert triggers.look("2026-12-02 00:10") == 0


def test_another_renewal_date_is_another_occasion(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann, renewal_on=day("2027-04-01"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, ON)
    triggers.look("2026-12-01 08:00")
    triggers.close_all("2026-12-02 08:00")
    triggers.set_account(account, renewal_on=day("2027-04-10"))
    assert triggers.look("2026-12-10 08:00") == 1


def test_what_holds_already_opens_a_cta_only_when_asked(triggers: Triggers, ann: uuid.UUID) -> None:
    triggers.add_account(tam=ann, renewal_on=day("2027-01-10"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, ON)
    assert triggers.look("2026-11-01 09:00") == 0
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, ON, also_held=True, name="Also")
    assert triggers.look("2026-11-01 10:00") == 1


def test_silence_counts_calls_and_meetings_alone_and_fires_once_each_time(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann, contract_start_on=day("2026-11-01"))
    triggers.on(TriggerKind.NO_CONVERSATION, {"days": 60}, ON)
    triggers.talk(account, "2026-11-10 10:00")
    triggers.talk(account, "2026-12-20 10:00", ActivityType.UPDATE)
    assert triggers.look("2027-01-08 12:00") == 0
    assert triggers.look("2027-01-09 12:00") == 1
    assert triggers.look("2027-01-20 12:00") == 0
    triggers.close_all("2027-01-21 12:00")
    assert triggers.look("2027-01-22 12:00") == 0
    triggers.talk(account, "2027-01-25 10:00")
    assert triggers.look("2027-03-25 12:00") == 0
    assert triggers.look("2027-03-26 12:00") == 1


def test_a_young_account_counts_from_its_contract(triggers: Triggers, ann: uuid.UUID) -> None:
    triggers.add_account(tam=ann, contract_start_on=day("2026-11-15"))
    triggers.on(TriggerKind.NO_CONVERSATION, {"days": 60}, ON)
    assert triggers.look("2027-01-13 12:00") == 0
    assert triggers.look("2027-01-14 12:00") == 1


def test_red_opens_one_cta_until_it_was_something_else(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann)
    triggers.on(TriggerKind.SENTIMENT_IS, {"word": "red"}, ON, cta_type="risk", reason="sentiment_red")
    triggers.measure(account, MeasureName.SENTIMENT, "red", "2026-11-02 09:00")
    assert triggers.look("2026-11-02 10:00") == 1
    triggers.close_all("2026-11-03 09:00")
    triggers.measure(account, MeasureName.SENTIMENT, "red", "2026-11-04 09:00")
    assert triggers.look("2026-11-04 10:00") == 0
    triggers.measure(account, MeasureName.SENTIMENT, "green", "2026-11-05 09:00")
    triggers.measure(account, MeasureName.SENTIMENT, "red", "2026-11-06 09:00")
    assert triggers.look("2026-11-06 10:00") == 1


def test_licence_use_counts_within_its_days_of_the_contract(triggers: Triggers, ann: uuid.UUID) -> None:
    params = {"percent": 75, "min_days_into_contract": 90, "max_days_into_contract": 150}
    triggers.on(TriggerKind.LICENCE_USE_UNDER, params, ON, cta_name="{account} uses {percent} %")
    early = triggers.add_account("Early", tam=ann, contract_start_on=day("2026-10-01"))
    late = triggers.add_account("Late", tam=ann, contract_start_on=day("2026-01-01"))
    well = triggers.add_account("Well", tam=ann, contract_start_on=day("2026-08-10"))
    unknown = triggers.add_account("Unknown", tam=ann)
    for account, value in ((early, 40), (late, 40), (well, 80), (unknown, 10)):
        triggers.measure(account, MeasureName.LICENCE_USE, value, "2026-11-02 09:00")
    assert triggers.look("2026-11-02 10:00") == 0
    assert triggers.look("2026-12-29 10:00") == 0
    assert triggers.look("2026-12-30 10:00") == 1
    assert triggers.ctas()[0].name == "Early uses 40 %"
    triggers.measure(early, MeasureName.LICENCE_USE, 45, "2027-01-05 09:00")
    triggers.close_all("2027-01-06 09:00")
    assert triggers.look("2027-01-07 10:00") == 0


def test_licence_use_over_a_bound_opens_a_cta(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann)
    triggers.on(TriggerKind.LICENCE_USE_OVER, {"percent": 95}, ON)
    triggers.measure(account, MeasureName.LICENCE_USE, 95, "2026-11-02 09:00")
    assert triggers.look("2026-11-02 10:00") == 0
    triggers.measure(account, MeasureName.LICENCE_USE, 96, "2026-11-03 09:00")
    assert triggers.look("2026-11-03 10:00") == 1


def test_a_stage_is_reached_once_and_only_while_it_is_that(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann, lifecycle_stage="adoption")
    triggers.on(TriggerKind.STAGE_REACHED, {"stage": "will_churn"}, ON, cta_name="{account}: {stage}")
    for stage, when in ((LifecycleStage.WILL_CHURN, "2026-11-02 09:00"), (LifecycleStage.ADOPTION, "2026-11-02 09:01")):
        with triggers.db.transaction() as session:
            changes.reach_stage(session, session.get_one(Account, account), stage=stage, now=at(when))
    assert triggers.look("2026-11-02 10:00") == 0
    with triggers.db.transaction() as session:
        stage = LifecycleStage.WILL_CHURN
        changes.reach_stage(session, session.get_one(Account, account), stage=stage, now=at("2026-11-03 09:00"))
    assert triggers.look("2026-11-03 10:00") == 1
    assert triggers.ctas()[0].name == "Acme: Will churn"


def test_each_answer_counts_once_and_goes_to_whom_the_rule_says(triggers: Triggers) -> None:
    manager = triggers.add_tam("Mia", role="manager", team="EMEA")
    tam = triggers.add_tam("Tim", team="EMEA")
    account = triggers.add_account(tam=tam)
    given = {"cta_type": "risk", "reason": "nps_detractor", "owner_rule": "manager", "cta_name": "{account}: {points}"}
    triggers.on(TriggerKind.SURVEY_ANSWER, {"at_most": 6}, ON, **given)
    triggers.measure(account, MeasureName.NPS, 7, "2026-11-02 09:00")
    triggers.measure(account, MeasureName.NPS, 3, "2026-11-02 09:01")
    assert triggers.look("2026-11-02 10:00") == 1
    assert (triggers.ctas()[0].name, triggers.ctas()[0].owner_id) == ("Acme: 3", manager)
    triggers.measure(account, MeasureName.NPS, 2, "2026-11-03 09:00")
    assert triggers.look("2026-11-03 10:00") == 0
    assert [one.outcome for one in triggers.firings()] == [FiringOutcome.OPENED, FiringOutcome.UPDATED]


def test_a_file_opens_a_cta_for_each_account_that_it_names_once(triggers: Triggers, ann: uuid.UUID) -> None:
    triggers.add_account("Acme", tam=ann)
    triggers.add_account("Berta", tam=ann)
    slug = triggers.on(TriggerKind.FILE_IMPORTED, {}, ON, cta_name="{account}: {label}")
    content = b"Account Name\nAcme\nberta\nAcme\n"
    for expected in (2, 0):
        with triggers.db.transaction() as session:
            watch = watch_of(queries.by_slug(session, slug))
            read = read_file(session, content)
            assert promise(session, watch, read, label="Webinar in May", now=at("2026-11-02 09:00")) == expected
    assert triggers.look("2026-11-02 10:00") == 2
    assert {one.name for one in triggers.ctas()} == {"Acme: Webinar in May", "Berta: Webinar in May"}
    assert triggers.look("2026-11-02 11:00") == 0


def test_a_file_with_a_bad_row_promises_nothing(triggers: Triggers, ann: uuid.UUID) -> None:
    triggers.add_account("Acme", tam=ann)
    slug = triggers.on(TriggerKind.FILE_IMPORTED, {}, ON)
    with triggers.db.transaction() as session:
        read = read_file(session, b"Account Name\nAcme\nNobody\n")
        assert [(one.line, one.value, one.reason) for one in read.problems] == [(3, "Nobody", "is no account here")]
        with pytest.raises(Invalid):
            promise(session, watch_of(queries.by_slug(session, slug)), read, label="x", now=at(ON))
    assert triggers.firings() == []


def test_only_narrows_the_accounts_down(triggers: Triggers, ann: uuid.UUID) -> None:
    for name, arr, stage in (("Small", 10, "adoption"), ("Large", 500, "adoption"), ("New", 500, "onboarding")):
        triggers.add_account(name, tam=ann, renewal_on=day("2027-01-10"), arr=Decimal(arr), lifecycle_stage=stage)
    only = {"stages": ["adoption"], "arr_at_least": 100}
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, ON, also_held=True, only=only)
    assert triggers.look("2026-11-01 09:00") == 1
    assert triggers.ctas()[0].name == "Look at Large"


def test_a_snoozed_like_keeps_its_silence_and_the_firing_says_so(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(tam=ann)
    given = {"cta_type": "risk", "reason": "nps_detractor"}
    triggers.on(TriggerKind.SURVEY_ANSWER, {"at_most": 6}, ON, **given)
    triggers.measure(account, MeasureName.NPS, 3, "2026-11-02 09:00")
    triggers.look("2026-11-02 10:00")
    with triggers.db.transaction() as session:
        session.get_one(Cta, triggers.ctas()[0].id).snoozed_through = day("2026-11-10")
    triggers.measure(account, MeasureName.NPS, 2, "2026-11-05 09:00")
    assert triggers.look("2026-11-05 10:00") == 0
    assert triggers.firings()[1].outcome == FiringOutcome.SUPPRESSED
    assert "snoozed through 10 Nov 2026 by Ann" in triggers.firings()[1].detail
    # Once suppressed it stays so: when the snooze is over, the CTA itself comes back.
    assert triggers.look("2026-11-11 10:00") == 0
    assert len(triggers.firings()) == 2


def test_what_fails_says_why_and_is_tried_again(triggers: Triggers, ann: uuid.UUID) -> None:
    account = triggers.add_account(renewal_on=day("2027-01-10"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, ON, also_held=True)
    assert triggers.look("2026-11-01 09:00") == 0
    assert [one.outcome for one in triggers.firings()] == [FiringOutcome.FAILED]
    assert "no TAM who works here" in triggers.firings()[0].detail
    triggers.set_account(account, tam_id=ann)
    assert triggers.look("2026-11-01 10:00") == 1
    assert [one.outcome for one in triggers.firings()] == [FiringOutcome.OPENED]


def test_of_two_who_save_the_second_is_told(triggers: Triggers) -> None:
    slug = triggers.make(TriggerKind.NO_CONVERSATION, {"days": 60})
    by = By(user_id=None, now=at(ON))
    with triggers.db.transaction() as session:
        row = queries.by_slug(session, slug)
        save.change(session, row, watch_of(row), by, seen_version=1)
    with triggers.db.transaction() as session:
        row = queries.by_slug(session, slug)
        with pytest.raises(Conflict, match="meanwhile"):
            save.turn(session, row, on=True, also_held=False, by=by, seen_version=1)


@pytest.mark.parametrize(
    ("kind", "params", "more", "field"),
    [
        (TriggerKind.BEFORE_RENEWAL, {}, {}, "months"),
        (TriggerKind.BEFORE_RENEWAL, {"months": 1, "days": 1}, {}, "months"),
        (TriggerKind.NO_CONVERSATION, {"days": 0}, {}, "days"),
        (TriggerKind.NO_CONVERSATION, {"days": 10**30}, {}, "days"),
        (TriggerKind.SENTIMENT_IS, {"word": "blue"}, {}, "word"),
        (TriggerKind.STAGE_REACHED, {"stage": "the end"}, {}, "stage"),
        (TriggerKind.TAM_ASSIGNED, {"days": 5}, {}, "days"),
        (TriggerKind.TAM_ASSIGNED, {}, {"cta_name": "{renewal}"}, "cta_name"),
        (TriggerKind.TAM_ASSIGNED, {}, {"cta_type": "nothing"}, "cta_type"),
        (TriggerKind.TAM_ASSIGNED, {}, {"only": {"stages": ["x"]}}, "stages"),
        (TriggerKind.TAM_ASSIGNED, {}, {"playbook_slug": "nowhere"}, "playbook_slug"),
        (TriggerKind.TAM_ASSIGNED, {}, {"owner_rule": "anybody"}, "owner_rule"),
    ],
)
def test_what_a_trigger_cannot_be_is_told_by_field(
    triggers: Triggers, kind: TriggerKind, params: dict[str, object], more: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        triggers.make(kind, params, **more)
    assert field in refused.value.fields
