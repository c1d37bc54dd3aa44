"""Devices, their codes, and the personal tokens of scripts."""

import sqlalchemy as sa
from alembic import op

import server.db

revision = "0007"
down_revision = "0006"

INSTANT = server.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table("device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("family_hash", sa.Text(), nullable=False),
        sa.Column("refresh_hash", sa.Text(), nullable=False),
        sa.Column("access_hash", sa.Text(), nullable=False),
        sa.Column("access_expires_at", INSTANT, nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_device_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("family_hash", name="uq_device_family_hash"),
        sa.UniqueConstraint("access_hash", name="uq_device_access_hash"),
    )
    op.create_index("ix_device_user_id", "device", ["user_id"])
    op.create_table("authorization_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("tried_at", INSTANT),
        sa.Column("device_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_authorization_code_user_id_user", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_authorization_code_device_id_device", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_authorization_code"),
        sa.UniqueConstraint("code_hash", name="uq_authorization_code_code_hash"),
    )
    op.create_index("ix_authorization_code_user_id", "authorization_code", ["user_id"])
    op.create_index("ix_authorization_code_device_id", "authorization_code", ["device_id"])
    op.create_table("personal_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT),
        sa.Column("last_ip", sa.Text()),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_personal_token_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_personal_token"),
        sa.UniqueConstraint("token_hash", name="uq_personal_token_token_hash"),
    )
    op.create_index("ix_personal_token_user_id", "personal_token", ["user_id"])
