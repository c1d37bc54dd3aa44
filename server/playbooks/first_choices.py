"""The lists that a new installation begins with (product.md 2.1 and 2.2); admins change them as they like."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.playbooks.models import ChoiceList, CtaChoice

# Key, label, icon.
TYPES = (
    ("risk", "Risk", "flame"),
    ("expansion", "Expansion", "trending-up"),
    ("lifecycle", "Lifecycle", "route"),
    ("activity", "Activity", "user"),
    ("renewal", "Renewal", "refresh"),
    ("digital_journey", "Digital journey", "rocket"),
    ("objective", "Objective", "target-arrow"),
)
# Key, label, tone, whether it is closed, whether a success, whether closing asks for a sentence, for which types.
STATUSES = (
    ("new", "New", "info", False, False, False, ""),
    ("work_in_progress", "Work in progress", "accent", False, False, False, ""),
    ("closed_success", "Closed: success", "success", True, True, False, ""),
    ("closed_lost_not_a_priority", "Closed lost: not a priority", "neutral", True, False, False, ""),
    ("closed_already_solved", "Closed: already solved", "neutral", True, True, False, ""),
    ("closed_not_relevant", "Closed: not relevant", "neutral", True, False, False, ""),
    ("closed_lack_of_engagement", "Closed: lack of engagement", "neutral", True, False, False, ""),
    ("closed_not_needed", "Closed: not needed", "neutral", True, False, False, "lifecycle"),
    ("closed_lost_competitive_loss", "Closed lost: competitive loss", "neutral", True, False, True, "objective"),
    ("closed_lost_product_gaps", "Closed lost: product gaps", "neutral", True, False, True, "objective"),
    (
        "closed_lost_team_unengaged",
        "Closed lost: team unengaged",
        "neutral",
        True,
        False,
        True,
        "objective",
    ),
    ("closed_lost_no_value_seen", "Closed lost: didn't see value", "neutral", True, False, True, "objective"),
    ("closed_lost_deferred", "Closed lost: deferred to a later date", "neutral", True, False, True, "objective"),
    ("closed_lost_lack_of_budget", "Closed lost: lack of budget", "neutral", True, False, True, "objective"),
)
# Key, label, for which types.
REASONS = (
    ("new_customer", "New customer", "lifecycle digital_journey"),
    ("tam_assigned", "A new TAM", "lifecycle activity"),
    ("no_success_plan", "No success plan yet", "lifecycle"),
    ("review_due", "Seven months before renewal", "lifecycle"),
    ("high_licence_use", "Licences almost used up", "lifecycle expansion"),
    ("low_licence_use", "Fewer than three quarters of the seats are used", "risk digital_journey"),
    ("usage_data_missing", "No usage data", "lifecycle"),
    ("leaving", "The customer leaves", "lifecycle"),
    ("renewal_near", "Renews in four months", "renewal"),
    ("renewal_in_a_month", "Renews in a month", "renewal"),
    ("sentiment_red", "Sentiment is red", "risk"),
    ("no_conversation", "No call or meeting for 60 days", "risk"),
    ("escalation", "Escalation", "risk"),
    ("product_gap", "Product gap", "risk"),
    ("nps_detractor", "Unhappy survey answer", "risk"),
    ("nps_promoter", "Happy survey answer", "expansion activity"),
    ("stage_adoption", "Adopt a stage", "objective expansion"),
    ("webinar_attended", "Webinar attended", "digital_journey lifecycle"),
    ("other", "Other", ""),
)
# Key, label, tone.
PRIORITIES = (
    ("high", "High", "danger"),
    ("medium", "Medium", "warning"),
    ("low", "Low", "neutral"),
)


def first_choices() -> list[CtaChoice]:
    """New rows, the same that migration 0012 writes."""
    rows = [
        CtaChoice(list_name=ChoiceList.TYPE, key=key, label=label, icon=icon, position=at)
        for at, (key, label, icon) in enumerate(TYPES)
    ]
    rows += [
        CtaChoice(
            list_name=ChoiceList.STATUS,
            key=key,
            label=label,
            tone=tone,
            is_closed=is_closed,
            is_success=is_success,
            asks_note=asks_note,
            only_types=only_types,
            position=at,
        )
        for at, (key, label, tone, is_closed, is_success, asks_note, only_types) in enumerate(STATUSES)
    ]
    rows += [
        CtaChoice(list_name=ChoiceList.REASON, key=key, label=label, only_types=only_types, position=at)
        for at, (key, label, only_types) in enumerate(REASONS)
    ]
    rows += [
        CtaChoice(list_name=ChoiceList.PRIORITY, key=key, label=label, tone=tone, position=at)
        for at, (key, label, tone) in enumerate(PRIORITIES)
    ]
    return rows


def add_first_choices(session: Session) -> None:
    """For a database that was made without migrations."""
    session.add_all(first_choices())
