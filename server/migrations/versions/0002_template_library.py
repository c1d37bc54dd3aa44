"""Template library: kinds, variants, drafts, shared blocks, authors; languages; when records were last imported."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import server.db

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("account", sa.Column("synced_at", INSTANT))
    op.add_column("contact", sa.Column("language", sa.Text()))
    op.add_column("contact", sa.Column("synced_at", INSTANT))
    _records_from_salesforce_were_imported()
    _add_required("email_template", "kind", sa.Text(), "template")
    _add_required("email_template", "applies_when", JSON, "{}")
    _add_reference("email_template", "variant_of_id", "email_template")
    op.create_index("ix_email_template_variant_of_id", "email_template", ["variant_of_id"])
    _add_required("email_template_version", "source_text", sa.Text(), "")
    _add_required("email_template_version", "origin", sa.Text(), "files")
    _add_reference("email_template_version", "author_id", "user")
    _write_files_of_versions()
    _create_drafts()
    _create_block_uses()
    # How often a template was sent, and how often it was answered.
    op.create_index("ix_outbound_email_email_template_version_id", "outbound_email", ["email_template_version_id"])
    op.create_index("ix_timeline_entry_gmail_thread_id", "timeline_entry", ["gmail_thread_id"])


def _add_required(table: str, column: str, kind: sa.types.TypeEngine[Any], of_existing: str) -> None:
    """With a value for rows that are there. The default then goes where a database can drop one."""
    op.add_column(table, sa.Column(column, kind, nullable=False, server_default=of_existing))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, column, server_default=None)


def _add_reference(table: str, column: str, to: str) -> None:
    """SQLite adds a column together with its reference or not at all; a new table in its place would break others."""
    if op.get_bind().dialect.name == "sqlite":
        name = f"fk_{table}_{column}_{to}"
        op.execute(f'ALTER TABLE {table} ADD COLUMN {column} CHAR(32) CONSTRAINT {name} REFERENCES "{to}" (id)')
        return
    op.add_column(table, sa.Column(column, sa.Uuid()))
    op.create_foreign_key(f"fk_{table}_{column}_{to}", table, to, [column], ["id"])


def _records_from_salesforce_were_imported() -> None:
    for table in ("account", "contact"):
        op.execute(f"UPDATE {table} SET synced_at = updated_at WHERE salesforce_id IS NOT NULL")


def _write_files_of_versions() -> None:
    """A version is its file from now on. What was loaded before is written as a file, with quotes that YAML reads."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT v.id, v.name, v.subject_source, v.mjml_source, t.category, t.purpose, t.description "
            "FROM email_template_version v JOIN email_template t ON t.id = v.email_template_id"
        )
    ).all()
    for row in rows:
        front = {
            "name": row.name,
            "subject": row.subject_source,
            "category": row.category,
            "purpose": row.purpose,
            "description": row.description,
        }
        lines = [f"{key}: {_quoted(value)}" for key, value in front.items() if value]
        text = "\n".join(["---", *lines, "---", row.mjml_source])
        connection.execute(
            sa.text("UPDATE email_template_version SET source_text = :text, source_hash = :hash WHERE id = :id"),
            {"text": text, "hash": hashlib.sha256(text.encode()).hexdigest(), "id": row.id},
        )


def _quoted(text: str) -> str:
    """In quotes that YAML reads: control characters as escapes, everything else as it is."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in written)


def _create_drafts() -> None:
    op.create_table(
        "email_template_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_template_id", sa.Uuid(), nullable=False),
        sa.Column("based_on_id", sa.Uuid()),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_by_id", sa.Uuid()),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["based_on_id"],
            ["email_template_version.id"],
            name="fk_email_template_draft_based_on_id_email_template_version",
        ),
        sa.ForeignKeyConstraint(
            ["email_template_id"],
            ["email_template.id"],
            name="fk_email_template_draft_email_template_id_email_template",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["saved_by_id"], ["user.id"], name="fk_email_template_draft_saved_by_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_email_template_draft"),
        sa.UniqueConstraint("email_template_id", name="uq_email_template_draft_email_template_id"),
    )


def _create_block_uses() -> None:
    op.create_table(
        "shared_block_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_version_id", sa.Uuid(), nullable=False),
        sa.Column("block_version_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_version_id"],
            ["email_template_version.id"],
            name="fk_shared_block_use_block_version_id_email_template_version",
        ),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["email_template_version.id"],
            name="fk_shared_block_use_template_version_id_email_template_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shared_block_use"),
        sa.UniqueConstraint(
            "template_version_id", "block_version_id", name="uq_shared_block_use_template_version_id_block_version_id"
        ),
    )
    op.create_index("ix_shared_block_use_block_version_id", "shared_block_use", ["block_version_id"])
