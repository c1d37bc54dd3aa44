"""Choices before sending, and what the extension does not find in Gmail's page."""

import sqlalchemy as sa
from alembic import op

import server.db

revision = "0009"
down_revision = "0008"

INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table("mail_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("people_key", sa.Text()),
        sa.Column("gmail_thread_id", sa.Text()),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("chosen_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("gmail_message_id", sa.Text()),
        sa.Column("mail_key", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_mail_choice"),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_mail_choice_mailbox_id_mailbox", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("mailbox_id", "gmail_message_id", name="uq_mail_choice_mailbox_id_gmail_message_id"),
    )
    op.create_index("ix_mail_choice_mailbox_id_people_key", "mail_choice", ["mailbox_id", "people_key"])
    op.create_index("ix_mail_choice_mailbox_id_mail_key", "mail_choice", ["mailbox_id", "mail_key"])
    op.create_table("gmail_miss",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("missed_on", sa.Date(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("table_on", sa.Date(), nullable=False),
        sa.Column("extension_version", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gmail_miss"),
        sa.UniqueConstraint(
            "missed_on", "part", "table_on", "extension_version",
            name="uq_gmail_miss_missed_on_part_table_on_extension_version",
        ),
    )
