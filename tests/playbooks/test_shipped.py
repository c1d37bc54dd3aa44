"""The playbooks of the checkout: each can be read, names what is there, and gives dated tasks."""

from __future__ import annotations

import json
import uuid
from datetime import date
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from server.email_templates.load import parse_folder
from server.email_templates.models import Kind
from server.playbooks.check import Known, check
from server.playbooks.choices import Choice, Choices
from server.playbooks.definition import Anchor, OwnerRule, TaskType
from server.playbooks.first_choices import PRIORITIES, REASONS, STATUSES, TYPES
from server.playbooks.json_schema import as_text
from server.playbooks.load import read_folder
from server.playbooks.models import ChoiceList
from server.playbooks.plan import Anchors, plan
from server.playbooks.read import read
from server.workdays import Calendar
from tests.cast import TEMPLATES

FOLDER = Path(__file__).parents[2] / "playbooks"
FILES = {file.slug: file.text for file in read_folder(FOLDER)}
WANTED = (  # noqa: SIM905  a table of names reads better
    "new-customer-onboarding onboarding-saas-series onboarding-self-managed-series kickoff create-success-plan "
    "executive-business-review upcoming-renewal at-risk low-licence-use high-licence-use non-engaged "
    "new-account-handoff customer-offboarding risk-escalation usage-data-enablement stage-enablement stage-expansion "
    "nps-detractor nps-promoter webinar-attended"
).split()
ANCHORS = Anchors(
    opened_on=date(2026, 11, 23),
    renewal_on=date(2027, 3, 31),
    ebr_on=date(2027, 4, 28),
    contract_start_on=date(2026, 11, 2),
)


def _known() -> Known:
    lists = {
        ChoiceList.TYPE: [Choice(key=key, label=label) for key, label, _ in TYPES],
        ChoiceList.STATUS: [Choice(key=row[0], label=row[1]) for row in STATUSES],
        ChoiceList.REASON: [Choice(key=key, label=la, only_types=frozenset(of.split())) for key, la, of in REASONS],
        ChoiceList.PRIORITY: [Choice(key=key, label=label) for key, label, _ in PRIORITIES],
    }
    slugs = [one.slug for one in parse_folder(TEMPLATES) if one.kind is Kind.TEMPLATE and not one.variant_of]
    choices = Choices(lists={name: {one.key: one for one in rows} for name, rows in lists.items()})
    return Known(lists=choices, templates=slugs)


def test_all_playbooks_are_there() -> None:
    assert sorted(FILES) == sorted(WANTED)


@pytest.mark.parametrize("slug", WANTED)
def test_a_shipped_playbook_is_right_and_gives_dated_tasks(slug: str) -> None:
    reading = read(FILES[slug], name=f"{slug}.yaml")
    assert [str(one) for one in check(_known(), reading.definition, reading.source)] == []
    owners = {rule: uuid.uuid4() for rule in OwnerRule}
    planned = plan(reading.definition, ANCHORS, owners, lambda _: Calendar(country="DE-BY"))
    assert planned.due_on is not None
    assert all(task.due_on is not None for task in planned.tasks)
    days = {task.step.key: task.due_on for task in planned.tasks}
    for step in reading.definition.steps:
        later = [one for one in step.needs if (days[one] or date.max) > (days[step.key] or date.min)]
        assert not later, f"{step.key} is due before {later}"
        assert step.instructions or step.task is not TaskType.TO_DO or step.minutes <= 60
    jsonschema.validate(YAML(typ="safe").load(FILES[slug]), json.loads(as_text()))


def test_the_handoff_has_fifteen_tasks_of_three_people() -> None:
    steps = read(FILES["new-account-handoff"]).definition.steps
    assert len(steps) == 15
    assert {step.owner for step in steps} == {OwnerRule.TAM, OwnerRule.FORMER_TAM, OwnerRule.MANAGER}


def test_the_review_counts_from_its_day() -> None:
    steps = read(FILES["executive-business-review"]).definition.steps
    assert {step.due.anchor for step in steps if step.due} == {Anchor.EBR}


def test_the_schema_for_editors_is_what_the_classes_say() -> None:
    """`rapport playbooks schema > playbooks/playbook.schema.json` writes it anew."""
    assert (FOLDER / "playbook.schema.json").read_text(encoding="utf-8") == as_text()


def test_editors_find_the_schema_by_the_first_line_of_each_file() -> None:
    first = {text.split("\n", 1)[0] for text in FILES.values()}
    assert first == {"# yaml-language-server: $schema=./playbook.schema.json"}
