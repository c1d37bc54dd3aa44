"""Which templates a person used in Gmail."""

import sqlalchemy as sa
from alembic import op

import server.db

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table("template_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_template_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", server.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_template_use"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_template_use_user_id_user"),
        sa.ForeignKeyConstraint(
            ["email_template_id"], ["email_template.id"],
            name="fk_template_use_email_template_id_email_template", ondelete="CASCADE",
        ),
        sa.UniqueConstraint("user_id", "email_template_id", name="uq_template_use_user_id_email_template_id"),
    )
    op.create_index("ix_template_use_email_template_id", "template_use", ["email_template_id"])
