"""Reading mailboxes: how far, what became of each message, one rest for sending and reading; folded timelines."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import server.db
from server.accounts.domains import registrable_domain
from server.contacts.addresses import match_key
from server.ids import new_id

revision = "0003"
down_revision = "0002"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    _create_tables()
    _prepare_records_for_matching()
    op.add_column("mailbox", sa.Column("paused_until", INSTANT))
    op.add_column("mailbox", sa.Column("pause_reason", sa.Text()))
    _move_rests()
    _fold_the_timeline()


def _add_required(table: str, column: str, kind: sa.types.TypeEngine[Any], of_existing: str) -> None:
    """With a value for rows that are there. The default then goes where a database can drop one."""
    op.add_column(table, sa.Column(column, kind, nullable=False, server_default=of_existing))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, column, server_default=None)


def _prepare_records_for_matching() -> None:
    _add_required("account_domain", "registrable", sa.Text(), "")
    _add_required("contact_address", "match_key", sa.Text(), "")
    for column in ("bounced_at", "bounce_is_permanent", "bounce_detail"):
        kinds = {"bounced_at": INSTANT, "bounce_is_permanent": sa.Boolean()}
        op.add_column("contact_address", sa.Column(column, kinds.get(column, sa.Text())))
    _compute("account_domain", "domain", "registrable", registrable_domain)
    _compute("contact_address", "email_norm", "match_key", match_key)
    op.create_index("ix_account_domain_registrable", "account_domain", ["registrable"])
    op.create_index("ix_contact_address_match_key", "contact_address", ["match_key"])


def _compute(table: str, source: str, target: str, how: Any) -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text(f"SELECT DISTINCT {source} FROM {table}")).scalars().all()
    statement = sa.text(f"UPDATE {table} SET {target} = :target WHERE {source} = :source")
    for start in range(0, len(found), 1000):
        some = found[start : start + 1000]
        connection.execute(statement, [{"source": one, "target": how(one)} for one in some])


def _move_rests() -> None:
    """What Google asked of sending holds for reading, too."""
    op.execute(
        "UPDATE mailbox SET paused_until = (SELECT paused_until FROM send_lane WHERE send_lane.id = mailbox.id), "
        "pause_reason = (SELECT pause_reason FROM send_lane WHERE send_lane.id = mailbox.id)"
    )
    op.drop_column("send_lane", "pause_reason")
    op.drop_column("send_lane", "paused_until")


def _fold_the_timeline() -> None:
    """What stands there is seen by all, as it was; each entry is a conversation of its own until it is read again."""
    _add_required("timeline_entry", "thread_key", sa.Uuid(), "00000000-0000-0000-0000-000000000000")
    op.add_column("timeline_entry", sa.Column("mail_message_id", sa.Uuid()))
    _add_required("timeline_entry", "level", sa.Text(), "full")
    op.add_column("timeline_entry", sa.Column("fold_reason", sa.Text()))
    op.add_column("timeline_entry", sa.Column("direction", sa.Text()))
    _add_required("timeline_entry", "others", sa.Integer(), "0")
    op.execute("UPDATE timeline_entry SET thread_key = id")
    op.execute("UPDATE timeline_entry SET direction = 'out' WHERE source_key LIKE 'outbound:%'")
    entry = sa.table(
        "timeline_entry", sa.column("id", sa.Uuid()), sa.column("author_id", sa.Uuid()), sa.column("direction", sa.Text())
    )
    holder = sa.table(
        "timeline_holder",
        sa.column("id", sa.Uuid()),
        sa.column("timeline_entry_id", sa.Uuid()),
        sa.column("user_id", sa.Uuid()),
        sa.column("is_sender", sa.Boolean()),
    )
    connection = op.get_bind()
    sent = sa.select(entry.c.id, entry.c.author_id).where(entry.c.direction == "out", entry.c.author_id.is_not(None))
    rows = [
        {"id": new_id(), "timeline_entry_id": entry_id, "user_id": user_id, "is_sender": True}
        for entry_id, user_id in connection.execute(sent)
    ]
    if rows:
        connection.execute(sa.insert(holder), rows)
    op.create_index(
        "ix_timeline_entry_account_id_thread_key", "timeline_entry", ["account_id", "thread_key", "occurred_at"]
    )
    op.create_index("ix_timeline_entry_mail_message_id", "timeline_entry", ["mail_message_id"])
    op.create_index("ix_timeline_entry_occurred_at_id", "timeline_entry", ["occurred_at", "id"])
    op.create_index("ix_timeline_entry_thread_key", "timeline_entry", ["thread_key"])


def _create_tables() -> None:
    op.create_table("mailbox_alias",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_mailbox_alias_mailbox_id_mailbox", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_alias"),
        sa.UniqueConstraint("mailbox_id", "email_norm", name="uq_mailbox_alias_mailbox_id_email_norm"),
    )
    op.create_index("ix_mailbox_alias_email_norm", "mailbox_alias", ["email_norm"])
    op.create_table("mailbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("gmail_message_id", sa.Text(), nullable=False),
        sa.Column("gmail_thread_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outages", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT),
        sa.Column("deleted_at", INSTANT),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_mailbox_message_mailbox_id_mailbox", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_message"),
        sa.UniqueConstraint("mailbox_id", "gmail_message_id", name="uq_mailbox_message_mailbox_id_gmail_message_id"),
    )
    op.create_index("ix_mailbox_message_due", "mailbox_message", ["mailbox_id", "state", "not_before"])
    op.create_index("ix_mailbox_message_gmail_thread_id", "mailbox_message", ["gmail_thread_id"])
    op.create_table("mailbox_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("past_level", sa.Text()),
        sa.Column("window_from", INSTANT, nullable=False),
        sa.Column("history_id", sa.Text()),
        sa.Column("pinned_history_id", sa.Text()),
        sa.Column("list_from", INSTANT),
        sa.Column("list_page_token", sa.Text()),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("recheck_since", INSTANT),
        sa.Column("recheck_after", sa.Uuid()),
        sa.Column("holder", sa.Text()),
        sa.Column("held_until", INSTANT),
        sa.Column("next_look_at", INSTANT, nullable=False),
        sa.Column("caught_up_at", INSTANT),
        sa.Column("gap_since", INSTANT),
        sa.Column("gap_reason", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("watch_expires_at", INSTANT),
        sa.Column("watch_asked_at", INSTANT),
        sa.Column("aliases_read_at", INSTANT),
        sa.Column("reconcile_at", INSTANT),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["mailbox.id"], name="fk_mailbox_reading_id_mailbox", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_reading"),
    )
    op.create_table("reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("window_from", INSTANT, nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("logged", sa.Integer(), nullable=False),
        sa.Column("excluded", JSON, nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("on_their_way", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("unexplained", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_reconciliation_mailbox_id_mailbox", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation"),
    )
    op.create_index("ix_reconciliation_mailbox_id", "reconciliation", ["mailbox_id"])
    op.create_table("former_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_former_account_account_id_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_former_account_contact_id_contact", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_former_account"),
    )
    op.create_index("ix_former_account_account_id", "former_account", ["account_id"])
    op.create_index("ix_former_account_contact_id", "former_account", ["contact_id"])
    op.create_table("timeline_holder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("timeline_entry_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("is_sender", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["timeline_entry_id"], ["timeline_entry.id"], name="fk_timeline_holder_timeline_entry_id_timeline_entry", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_timeline_holder_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline_holder"),
        sa.UniqueConstraint("timeline_entry_id", "user_id", name="uq_timeline_holder_timeline_entry_id_user_id"),
    )
    op.create_index("ix_timeline_holder_user_id", "timeline_holder", ["user_id"])
