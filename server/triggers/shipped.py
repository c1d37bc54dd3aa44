"""The triggers that Rapport brings (product.md 2.3, as far as our kinds go). All are off until an admin looks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from server.errors import Invalid
from server.playbooks import queries as playbooks
from server.triggers import queries, save
from server.triggers.models import TriggerKind
from server.triggers.save import By
from server.triggers.watch import Watch

SHIPPED: Collection[Watch] = (
    Watch(
        slug="new-tam-handoff",
        name="New TAM: hand the account over",
        kind=TriggerKind.TAM_ASSIGNED,
        only={"stages": ["implementation", "adoption", "optimize_and_grow"]},
        cta_name="Hand over {account} to {tam}",
        cta_type="activity",
        reason="tam_assigned",
        priority="high",
        playbook_slug="new-account-handoff",
    ),
    Watch(
        slug="new-customer-onboarding",
        name="New customer: onboarding",
        kind=TriggerKind.TAM_ASSIGNED,
        only={"stages": ["onboarding"]},
        cta_name="Onboard {account}",
        cta_type="lifecycle",
        reason="new_customer",
        priority="high",
        playbook_slug="new-customer-onboarding",
    ),
    Watch(
        slug="business-review",
        name="Business review seven months before renewal",
        kind=TriggerKind.BEFORE_RENEWAL,
        params={"months": 7, "review_months": 6, "due_in_days": 45},
        cta_name="Business review with {account}",
        cta_type="lifecycle",
        reason="review_due",
        playbook_slug="executive-business-review",
    ),
    Watch(
        slug="upcoming-renewal",
        name="Renewal in four months",
        kind=TriggerKind.BEFORE_RENEWAL,
        params={"months": 4, "due_in_days": 30},
        cta_name="{account} renews on {renewal}",
        cta_type="renewal",
        reason="renewal_near",
        playbook_slug="upcoming-renewal",
    ),
    Watch(
        slug="sentiment-red",
        name="Sentiment turns red",
        kind=TriggerKind.SENTIMENT_IS,
        params={"word": "red"},
        cta_name="{account} is at risk",
        cta_type="risk",
        reason="sentiment_red",
        priority="high",
        playbook_slug="at-risk",
    ),
    Watch(
        slug="no-conversation",
        name="No call or meeting for 60 days",
        kind=TriggerKind.NO_CONVERSATION,
        params={"days": 60},
        cta_name="{account} has gone quiet",
        cta_type="risk",
        reason="no_conversation",
        playbook_slug="non-engaged",
    ),
    Watch(
        slug="low-licence-use",
        name="Under three quarters of the licences, day 90 to 150",
        kind=TriggerKind.LICENCE_USE_UNDER,
        params={"percent": 75, "min_days_into_contract": 90, "max_days_into_contract": 150},
        cta_name="{account} uses {percent} % of its licences",
        cta_type="risk",
        reason="low_licence_use",
        playbook_slug="low-licence-use",
    ),
    Watch(
        slug="high-licence-use",
        name="More than 90 % of the licences are used",
        kind=TriggerKind.LICENCE_USE_OVER,
        params={"percent": 90},
        cta_name="{account} uses {percent} % of its licences",
        cta_type="expansion",
        reason="high_licence_use",
        playbook_slug="high-licence-use",
    ),
    Watch(
        slug="customer-leaves",
        name="A customer will churn",
        kind=TriggerKind.STAGE_REACHED,
        params={"stage": "will_churn"},
        cta_name="Offboard {account}",
        cta_type="lifecycle",
        reason="leaving",
        playbook_slug="customer-offboarding",
    ),
    Watch(
        slug="nps-detractor",
        name="Unhappy answer: to the manager",
        kind=TriggerKind.SURVEY_ANSWER,
        params={"at_most": 6},
        cta_name="{account} answered with {points}",
        cta_type="risk",
        reason="nps_detractor",
        priority="high",
        playbook_slug="nps-detractor",
        owner_rule="manager",
    ),
    Watch(
        slug="nps-promoter",
        name="Happy answer",
        kind=TriggerKind.SURVEY_ANSWER,
        params={"at_least": 7},
        cta_name="{account} answered with {points}",
        cta_type="expansion",
        reason="nps_promoter",
        priority="low",
        playbook_slug="nps-promoter",
    ),
    Watch(
        slug="webinar-attended",
        name="Attended a webinar",
        kind=TriggerKind.FILE_IMPORTED,
        cta_name="{account}: after {label}",
        cta_type="digital_journey",
        reason="webinar_attended",
        priority="low",
        playbook_slug="webinar-attended",
        names_count=True,
    ),
)


def load_triggers(session: Session, *, now: datetime, on: bool = False) -> list[str]:
    """Add those that are not here yet; the slugs of those added. What an admin changed stays as it is.

    One whose playbook is not live waits until that is. `on` turns the new ones on, for what begins from now on.
    """
    by, live, added = By(user_id=None, now=now), playbooks.all_live(session), []
    for watch in SHIPPED:
        if queries.find_slug(session, watch.slug) is not None or watch.playbook_slug not in live:
            continue
        try:
            row = save.create(session, watch, by)
        except Invalid:
            # A list that it names was changed: then it is no trigger for this company.
            continue
        if on:
            save.turn(session, row, on=True, also_held=False, by=by, seen_version=row.row_version)
        added.append(row.slug)
    return added
