"""The audit log, which the database itself keeps from being changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import server.db

revision = "0006"
down_revision = "0005"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
INSTANT = server.db.UtcDateTime(timezone=True)
SQLITE = (
    "CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END",
    "CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry "
    "WHEN old.at > datetime('now', '-365 days') "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is kept for a year'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION audit_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' AND old.at <= now() - interval '365 days' THEN RETURN old; END IF; "
    "RAISE EXCEPTION 'the audit log is only added to, and kept for a year'; END $$",
    "CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry "
    "FOR EACH ROW EXECUTE FUNCTION audit_entry_is_kept()",
)


def upgrade() -> None:
    op.create_table("audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_deed", "audit_entry", ["deed"])
    op.create_index("ix_audit_entry_user_id_at", "audit_entry", ["user_id", "at"])
    for guard in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(guard)
