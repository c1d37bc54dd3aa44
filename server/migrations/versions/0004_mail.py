"""Mail: messages, copies, people, links with their reasons, the rules, and what a person decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import server.db

revision = "0004"
down_revision = "0003"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table("mail_cursor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_cursor"),
        sa.UniqueConstraint("name", name="uq_mail_cursor_name"),
    )
    op.create_table("mail_salt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_salt"),
    )
    op.create_table("mail_thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_thread"),
    )
    op.create_table("mail_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_thread_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_reason", sa.Text()),
        sa.Column("ties", JSON, nullable=False),
        sa.Column("rfc_message_id", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kind_reason", sa.Text(), nullable=False),
        sa.Column("level_by_person", sa.Text()),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["mail_thread_id"], ["mail_thread.id"], name="fk_mail_message_mail_thread_id_mail_thread"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_message"),
    )
    op.create_index("ix_mail_message_mail_thread_id", "mail_message", ["mail_thread_id"])
    op.create_index("ix_mail_message_rfc_message_id", "mail_message", ["rfc_message_id"])
    op.create_index("ix_mail_message_state_sent_at_id", "mail_message", ["state", "sent_at", "id"])
    op.create_table("inbound_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("question_code", sa.Text()),
        sa.Column("question_email", sa.Text()),
        sa.Column("question_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_inbound_address_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_address"),
        sa.UniqueConstraint("token", name="uq_inbound_address_token"),
        sa.UniqueConstraint("user_id", name="uq_inbound_address_user_id"),
    )
    op.create_table("mail_content",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text()),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["mail_message.id"], name="fk_mail_content_id_mail_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_content"),
    )
    op.create_table("mail_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_message_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_message_id"], ["mail_message.id"], name="fk_mail_key_mail_message_id_mail_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_key"),
        sa.UniqueConstraint("key", name="uq_mail_key_key"),
    )
    op.create_index("ix_mail_key_mail_message_id", "mail_key", ["mail_message_id"])
    op.create_table("mail_reference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_message_id", sa.Uuid(), nullable=False),
        sa.Column("rfc_message_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_message_id"], ["mail_message.id"], name="fk_mail_reference_mail_message_id_mail_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_reference"),
    )
    op.create_index("ix_mail_reference_mail_message_id", "mail_reference", ["mail_message_id"])
    op.create_index("ix_mail_reference_rfc_message_id", "mail_reference", ["rfc_message_id"])
    op.create_table("mail_replay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Uuid()),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("sample", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_mail_replay_by_person_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_replay"),
    )
    op.create_table("own_domain",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_own_domain_by_person_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_own_domain"),
        sa.UniqueConstraint("domain", name="uq_own_domain_domain"),
    )
    op.create_table("rules_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by_person_id", sa.Uuid()),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_rules_change_by_person_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_rules_change"),
        sa.UniqueConstraint("number", name="uq_rules_change_number"),
    )
    op.create_table("shared_domain",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_shared_domain_by_person_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_shared_domain"),
        sa.UniqueConstraint("domain", name="uq_shared_domain_domain"),
    )
    op.create_table("mail_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid()),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("gmail_message_id", sa.Text()),
        sa.Column("gmail_thread_id", sa.Text()),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("own_level", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["mail_message_id"], ["mail_message.id"], name="fk_mail_copy_mail_message_id_mail_message", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_mail_copy_mailbox_id_mailbox"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_mail_copy_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_copy"),
        sa.UniqueConstraint("mail_message_id", "user_id", "route", "source", name="uq_mail_copy_mail_message_id_user_id_route_source"),
    )
    op.create_index("ix_mail_copy_mailbox_id_gmail_message_id", "mail_copy", ["mailbox_id", "gmail_message_id"])
    op.create_index("ix_mail_copy_mailbox_id_gmail_thread_id", "mail_copy", ["mailbox_id", "gmail_thread_id"])
    op.create_index("ix_mail_copy_user_id", "mail_copy", ["user_id"])
    op.create_table("mail_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid()),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_mail_exclusion_by_person_id_user"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_mail_exclusion_mailbox_id_mailbox", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_exclusion"),
    )
    op.create_index("ix_mail_exclusion_mailbox_id", "mail_exclusion", ["mailbox_id"])
    op.create_index("ix_mail_exclusion_value", "mail_exclusion", ["value"])
    op.create_table("never_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_never_pair_account_id_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_never_pair_by_person_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_never_pair"),
        sa.UniqueConstraint("email_norm", "account_id", name="uq_never_pair_email_norm_account_id"),
    )
    op.create_index("ix_never_pair_account_id", "never_pair", ["account_id"])
    op.create_table("thread_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_thread_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_thread_decision_account_id_account"),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_thread_decision_by_person_id_user"),
        sa.ForeignKeyConstraint(["mail_thread_id"], ["mail_thread.id"], name="fk_thread_decision_mail_thread_id_mail_thread", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_thread_decision"),
        sa.UniqueConstraint("mail_thread_id", "account_id", name="uq_thread_decision_mail_thread_id_account_id"),
    )
    op.create_table("mail_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("candidates", JSON, nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("by_person_id", sa.Uuid()),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("timeline_entry_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_mail_link_account_id_account"),
        sa.ForeignKeyConstraint(["by_person_id"], ["user.id"], name="fk_mail_link_by_person_id_user"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_mail_link_contact_id_contact", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["mail_message_id"], ["mail_message.id"], name="fk_mail_link_mail_message_id_mail_message", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["timeline_entry_id"], ["timeline_entry.id"], name="fk_mail_link_timeline_entry_id_timeline_entry", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_link"),
        sa.UniqueConstraint("mail_message_id", "account_id", name="uq_mail_link_mail_message_id_account_id"),
    )
    op.create_index("ix_mail_link_account_id", "mail_link", ["account_id"])
    op.create_index("ix_mail_link_contact_id", "mail_link", ["contact_id"])
    op.create_index("ix_mail_link_timeline_entry_id", "mail_link", ["timeline_entry_id"])
    op.create_table("mail_participant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mail_message_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.Column("match_key", sa.Text(), nullable=False),
        sa.Column("registrable", sa.Text(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("account_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_mail_participant_account_id_account", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_mail_participant_contact_id_contact", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["mail_message_id"], ["mail_message.id"], name="fk_mail_participant_mail_message_id_mail_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_participant"),
    )
    op.create_index("ix_mail_participant_account_id", "mail_participant", ["account_id"])
    op.create_index("ix_mail_participant_contact_id", "mail_participant", ["contact_id"])
    op.create_index("ix_mail_participant_email_norm", "mail_participant", ["email_norm"])
    op.create_index("ix_mail_participant_mail_message_id", "mail_participant", ["mail_message_id"])
    op.create_index("ix_mail_participant_match_key", "mail_participant", ["match_key"])
    op.create_index("ix_mail_participant_registrable", "mail_participant", ["registrable"])
