"""Playbooks in versions, triggers, the lists that CTAs choose from, measures, and what a CTA can hold.

A CTA is open while `closed_at` is empty; its reason becomes a key of the list of reasons.
"""

import re
import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

import server.db
from server.ids import new_id

revision = "0012"
down_revision = "0011"

TYPES = (
    ("risk", "Risk", "flame"), ("expansion", "Expansion", "trending-up"), ("lifecycle", "Lifecycle", "route"),
    ("activity", "Activity", "user"), ("renewal", "Renewal", "refresh"),
    ("digital_journey", "Digital journey", "rocket"), ("objective", "Objective", "target-arrow"),
)
# Key, label, tone, whether closed, whether a success, whether closing asks for a sentence, for which types alone.
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
    ("closed_lost_team_unengaged", "Closed lost: team unengaged", "neutral", True, False, True, "objective"),
    ("closed_lost_no_value_seen", "Closed lost: didn't see value", "neutral", True, False, True, "objective"),
    ("closed_lost_deferred", "Closed lost: deferred to a later date", "neutral", True, False, True, "objective"),
    ("closed_lost_lack_of_budget", "Closed lost: lack of budget", "neutral", True, False, True, "objective"),
)
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
PRIORITIES = (("high", "High", "danger"), ("medium", "Medium", "warning"), ("low", "Low", "neutral"))


def _choice(list_name: str, position: int, key: str, label: str, **more: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "list_name": list_name, "key": key, "label": label, "position": position, "only_types": "",
        "tone": "neutral", "icon": "", "is_closed": False, "is_success": False, "asks_note": False, "row_version": 1,
    } | more


def _fill(choice: Any, connection: Any) -> None:
    rows = [_choice("type", at, key, label, icon=icon) for at, (key, label, icon) in enumerate(TYPES)]
    rows += [
        _choice("status", at, key, label, tone=tone, is_closed=closed, is_success=won, asks_note=asks, only_types=only)
        for at, (key, label, tone, closed, won, asks, only) in enumerate(STATUSES)
    ]
    rows += [_choice("reason", at, key, label, only_types=only) for at, (key, label, only) in enumerate(REASONS)]
    rows += [_choice("priority", at, key, label, tone=tone) for at, (key, label, tone) in enumerate(PRIORITIES)]
    known = {label: key for key, label, _ in REASONS}
    taken = {key for key, _, _ in REASONS}
    cta = sa.table("cta", sa.column("reason", sa.Text()))
    for reason in connection.scalars(sa.select(cta.c.reason).where(cta.c.reason.is_not(None)).distinct()).all():
        key = known.get(reason) or re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")[:60] or "other"
        if reason not in known and key in taken:
            key = f"{key}_{uuid.uuid4().hex[:6]}"
        if key not in taken:
            rows.append(_choice("reason", len(rows), key, reason))
            taken.add(key)
        connection.execute(cta.update().where(cta.c.reason == reason).values(reason=key))
    connection.execute(sa.insert(choice), rows)


def upgrade() -> None:
    op.create_table("company_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_workday", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_company_day"),
        sa.UniqueConstraint("day_on", "country", name="uq_company_day_day_on_country"))
    op.create_table("cta_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("only_types", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_success", sa.Boolean(), nullable=False),
        sa.Column("asks_note", sa.Boolean(), nullable=False),
        sa.Column("retired_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cta_choice"),
        sa.UniqueConstraint("list_name", "key", name="uq_cta_choice_list_name_key"))
    op.create_table("playbook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("live_version_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("archived_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_playbook"),
        sa.UniqueConstraint("slug", name="uq_playbook_slug"))
    op.create_table("trigger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", server.db.JsonValue, nullable=False),
        sa.Column("only", server.db.JsonValue, nullable=False),
        sa.Column("cta_name", sa.Text(), nullable=False),
        sa.Column("cta_type", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("playbook_slug", sa.Text(), nullable=True),
        sa.Column("owner_rule", sa.Text(), nullable=False),
        sa.Column("names_count", sa.Boolean(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("watches_from", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("saved_by_id", sa.Uuid(), nullable=True),
        sa.Column("saved_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trigger"),
        sa.UniqueConstraint("slug", name="uq_trigger_slug"))
    op.create_table("playbook_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playbook_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("based_on_id", sa.Uuid(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("saved_by_id", sa.Uuid(), nullable=True),
        sa.Column("saved_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["playbook_id"], ["playbook.id"], name="fk_playbook_draft_playbook_id_playbook", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_playbook_draft"),
        sa.UniqueConstraint("playbook_id", name="uq_playbook_draft_playbook_id"))
    op.create_table("playbook_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playbook_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["playbook_id"], ["playbook.id"], name="fk_playbook_version_playbook_id_playbook", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_playbook_version"),
        sa.UniqueConstraint("playbook_id", "number", name="uq_playbook_version_playbook_id_number"))
    op.create_table("trigger_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        sa.Column("for_day_on", sa.Date(), nullable=False),
        sa.Column("ended_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["trigger_id"], ["trigger.id"], name="fk_trigger_run_trigger_id_trigger", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_trigger_run"),
        sa.UniqueConstraint("trigger_id", "for_day_on", name="uq_trigger_run_trigger_id_for_day_on"))
    op.create_table("cockpit_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", server.db.JsonValue, nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("saved_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_cockpit_view_owner_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cockpit_view"),
        sa.UniqueConstraint("owner_id", "name", name="uq_cockpit_view_owner_id_name"))
    op.create_table("digest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("last_for_on", sa.Date(), nullable=True),
        sa.Column("changed_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["user.id"], name="fk_digest_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_digest"))
    op.create_table("account_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("changed_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_change_account_id_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_account_change"))
    op.create_index("ix_account_change_account_id_field_changed_at", "account_change", ["account_id", "field", "changed_at"], unique=False)
    op.create_index("ix_account_change_field_changed_at_id", "account_change", ["field", "changed_at", "id"], unique=False)
    op.create_table("measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("by_user_id", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("measured_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_measure_account_id_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_measure"),
        sa.UniqueConstraint("source_key", name="uq_measure_source_key"))
    op.create_index("ix_measure_account_id_name_measured_at", "measure", ["account_id", "name", "measured_at"], unique=False)
    op.create_index("ix_measure_contact_id", "measure", ["contact_id"], unique=False)
    op.create_index("ix_measure_name_created_at_id", "measure", ["name", "created_at", "id"], unique=False)
    op.create_table("trigger_firing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("fired_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_trigger_firing_account_id_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trigger_id"], ["trigger.id"], name="fk_trigger_firing_trigger_id_trigger", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_trigger_firing"),
        sa.UniqueConstraint("trigger_id", "account_id", "occasion", name="uq_trigger_firing_trigger_id_account_id_occasion"))
    op.create_index("ix_trigger_firing_account_id", "trigger_firing", ["account_id"], unique=False)
    op.create_index("ix_trigger_firing_cta_id", "trigger_firing", ["cta_id"], unique=False)
    op.create_index("ix_trigger_firing_trigger_id_fired_at", "trigger_firing", ["trigger_id", "fired_at"], unique=False)
    op.create_table("cta_attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["user.id"], name="fk_cta_attachment_added_by_id_user"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_attachment_cta_id_cta", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_attachment"))
    op.create_index("ix_cta_attachment_cta_id", "cta_attachment", ["cta_id"], unique=False)
    op.create_table("cta_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("edited_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name="fk_cta_comment_author_id_user"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_comment_cta_id_cta", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_comment"))
    op.create_index("ix_cta_comment_cta_id", "cta_comment", ["cta_id"], unique=False)
    op.create_table("cta_deed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=True),
        sa.Column("by_user_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("done_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_user_id"], ["user.id"], name="fk_cta_deed_by_user_id_user"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_deed_cta_id_cta", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_deed"))
    op.create_index("ix_cta_deed_by_user_id", "cta_deed", ["by_user_id"], unique=False)
    op.create_index("ix_cta_deed_cta_id", "cta_deed", ["cta_id"], unique=False)
    op.create_table("cta_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=False),
        sa.Column("timeline_entry_id", sa.Uuid(), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["user.id"], name="fk_cta_link_added_by_id_user"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_link_cta_id_cta", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["timeline_entry_id"], ["timeline_entry.id"], name="fk_cta_link_timeline_entry_id_timeline_entry", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_link"),
        sa.UniqueConstraint("cta_id", "timeline_entry_id", name="uq_cta_link_cta_id_timeline_entry_id"))
    op.create_index("ix_cta_link_timeline_entry_id", "cta_link", ["timeline_entry_id"], unique=False)
    op.create_table("cta_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_cta_person_contact_id_contact", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_person_cta_id_cta", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_person"),
        sa.UniqueConstraint("cta_id", "contact_id", name="uq_cta_person_cta_id_contact_id"))
    op.create_index("ix_cta_person_contact_id", "cta_person", ["contact_id"], unique=False)
    op.create_table("cta_attachment_data",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["cta_attachment.id"], name="fk_cta_attachment_data_id_cta_attachment", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_attachment_data"))
    op.create_table("cta_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_deed_id", sa.Uuid(), nullable=False),
        sa.Column("cta_id", sa.Uuid(), nullable=False),
        sa.Column("cta_task_id", sa.Uuid(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["cta_deed_id"], ["cta_deed.id"], name="fk_cta_change_cta_deed_id_cta_deed", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["cta_id"], ["cta.id"], name="fk_cta_change_cta_id_cta", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["cta_task_id"], ["cta_task.id"], name="fk_cta_change_cta_task_id_cta_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_change"))
    op.create_index("ix_cta_change_cta_deed_id", "cta_change", ["cta_deed_id"], unique=False)
    op.create_index("ix_cta_change_cta_id", "cta_change", ["cta_id"], unique=False)
    op.create_index("ix_cta_change_cta_task_id", "cta_change", ["cta_task_id"], unique=False)
    op.create_table("cta_mention",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cta_comment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", server.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cta_comment_id"], ["cta_comment.id"], name="fk_cta_mention_cta_comment_id_cta_comment", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_cta_mention_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cta_mention"),
        sa.UniqueConstraint("cta_comment_id", "user_id", name="uq_cta_mention_cta_comment_id_user_id"))
    op.create_index("ix_cta_mention_user_id", "cta_mention", ["user_id"], unique=False)
    op.add_column("account", sa.Column("contract_start_on", sa.Date(), nullable=True))
    op.add_column("cta", sa.Column("playbook_version_id", sa.Uuid(), nullable=True))
    op.add_column("cta", sa.Column("trigger_id", sa.Uuid(), nullable=True))
    op.add_column("cta", sa.Column("open_key", sa.Text(), nullable=True))
    op.add_column("cta", sa.Column("is_flagged", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("next_due_on", "next_wake_on", "opened_on", "ebr_on", "snoozed_through"):
        op.add_column("cta", sa.Column(name, sa.Date(), nullable=True))
    op.add_column("cta", sa.Column("snooze_reason", sa.Text(), nullable=True))
    op.add_column("cta", sa.Column("closing_note", sa.Text(), nullable=True))
    op.add_column("cta", sa.Column("opened_by_id", sa.Uuid(), nullable=True))
    op.add_column("cta", sa.Column("row_version", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_cta_closed_at_due_on", "cta", ["closed_at", "due_on", "id"], unique=False)
    op.create_index("ix_cta_open_key", "cta", ["open_key"], unique=True)
    is_open_cta = sa.text("closed_at IS NULL")
    for name, column in (("ix_cta_open_owner_id", "owner_id"), ("ix_cta_open_playbook_name", "playbook_name")):
        op.create_index(name, "cta", [column], postgresql_where=is_open_cta, sqlite_where=is_open_cta)
    op.create_index("ix_cta_playbook_version_id", "cta", ["playbook_version_id"], unique=False)
    op.add_column("cta_task", sa.Column("key", sa.Text(), server_default="", nullable=False))
    op.add_column("cta_task", sa.Column("needs", sa.Text(), server_default="", nullable=False))
    op.add_column("cta_task", sa.Column("is_required", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("cta_task", sa.Column("minutes", sa.Integer(), nullable=True))
    op.add_column("cta_task", sa.Column("dropped_at", server.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("cta_task", sa.Column("waits_days", sa.Integer(), nullable=True))
    op.add_column("cta_task", sa.Column("silent_template_id", sa.Uuid(), nullable=True))
    op.add_column("cta_task", sa.Column("waiting_since", server.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("cta_task", sa.Column("silent_on", sa.Date(), nullable=True))
    op.add_column("cta_task", sa.Column("back_on", sa.Date(), nullable=True))
    op.add_column("cta_task", sa.Column("replied_at", server.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("cta_task", sa.Column("reply_entry_id", sa.Uuid(), nullable=True))
    op.add_column("cta_task", sa.Column("away_entry_id", sa.Uuid(), nullable=True))
    op.add_column("cta_task", sa.Column("sent_entry_id", sa.Uuid(), nullable=True))
    is_open = sa.text("done_at IS NULL AND dropped_at IS NULL")
    for name, columns in (
        ("ix_cta_task_open_cta_id", ["cta_id", "due_on", "snoozed_through"]),
        ("ix_cta_task_open_owner_id", ["owner_id", "cta_id"]),
    ):
        op.create_index(name, "cta_task", columns, unique=False, postgresql_where=is_open, sqlite_where=is_open)
    op.create_index("ix_cta_task_waiting_since", "cta_task", ["waiting_since", "id"], unique=False)
    op.add_column("user", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("contact", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("email_task_send", sa.Column("despite", sa.Text(), server_default="", nullable=False))
    op.add_column("outbound_email", sa.Column("cc_email", sa.Text(), nullable=True))
    op.add_column("outbound_email", sa.Column("wall_time", sa.Text(), nullable=True))
    op.add_column("outbound_email", sa.Column("wall_zone", sa.Text(), nullable=True))
    op.add_column("outbound_email", sa.Column("is_held", sa.Boolean(), server_default=sa.false(), nullable=False))
    connection = op.get_bind()
    _fill(sa.table("cta_choice", *(sa.column(name, kind) for name, kind in (
        ("id", sa.Uuid()), ("list_name", sa.Text()), ("key", sa.Text()), ("label", sa.Text()),
        ("position", sa.Integer()), ("only_types", sa.Text()), ("tone", sa.Text()), ("icon", sa.Text()),
        ("is_closed", sa.Boolean()), ("is_success", sa.Boolean()), ("asks_note", sa.Boolean()),
        ("row_version", sa.Integer()),
    ))), connection)
    # It was closed some time: when is not known any more.
    connection.execute(sa.text("UPDATE cta SET closed_at = opened_at WHERE status LIKE 'closed%' AND closed_at IS NULL"))
    # No task waits for a customer yet: ctas.next_due, in the words of this day.
    connection.execute(sa.text(
        "UPDATE cta SET next_due_on = NULLIF(COALESCE((SELECT MIN(CASE WHEN task.due_on < COALESCE(cta.due_on, "
        "'9999-12-31') THEN task.due_on ELSE COALESCE(cta.due_on, '9999-12-31') END) FROM cta_task task "
        "WHERE task.cta_id = cta.id AND task.done_at IS NULL AND task.snoozed_through IS NULL), "
        "COALESCE(cta.due_on, '9999-12-31')), '9999-12-31'), next_wake_on = (SELECT MIN(task.snoozed_through) "
        "FROM cta_task task WHERE task.cta_id = cta.id AND task.done_at IS NULL)"
    ))
