"""Personal data: who was erased (as hashes), receipts, retention rules and their runs; emails whose contact is gone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import server.db

revision = "0008"
down_revision = "0007"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table("erasure_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_key"),
    )
    op.create_table("erased_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erased_address"),
        sa.UniqueConstraint("key_hash", name="uq_erased_address_key_hash"),
    )
    op.create_index("ix_erased_address_receipt_id", "erased_address", ["receipt_id"])
    op.create_table("erasure_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.Column("by_user_id", sa.Uuid()),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("address_hashes", JSON, nullable=False),
        sa.Column("gone", JSON, nullable=False),
        sa.Column("kept", JSON, nullable=False),
        sa.Column("outside", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_receipt"),
    )
    op.create_index("ix_erasure_receipt_erased_at", "erasure_receipt", ["erased_at"])
    op.create_table("retention_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("months", sa.Integer()),
        sa.Column("by_user_id", sa.Uuid()),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rule"),
        sa.ForeignKeyConstraint(["by_user_id"], ["user.id"], name="fk_retention_rule_by_user_id_user"),
        sa.UniqueConstraint("kind", name="uq_retention_rule_kind"),
    )
    op.create_table("retention_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("removed", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_run"),
    )
    op.create_index("ix_retention_run_started_at", "retention_run", ["started_at"])
    op.add_column("mail_message", sa.Column("text_removed_months", sa.Integer()))
    op.add_column("outbound_email", sa.Column("text_removed_months", sa.Integer()))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("outbound_email", "contact_id", nullable=True)
    else:
        _let_contact_be_absent()


def _let_contact_be_absent() -> None:
    """As sqlite.org/lang_altertable.html takes a NOT NULL away.

    A new table in the place of the old one would not do: dropping that deletes, by its foreign keys, the texts of all
    emails, and foreign keys cannot be switched off inside a transaction.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, 'contact_id CHAR(32) NOT NULL', 'contact_id CHAR(32)') "
        "WHERE type = 'table' AND name = 'outbound_email' AND sql LIKE '%contact_id CHAR(32) NOT NULL%'"
    ).rowcount
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")
    if changed != 1:
        raise RuntimeError("The table outbound_email is not as revision 0006 left it.")
