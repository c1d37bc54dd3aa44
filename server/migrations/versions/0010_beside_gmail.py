"""Beside Gmail: tasks can be snoozed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("cta_task", sa.Column("snoozed_through", sa.Date()))
    op.add_column("cta_task", sa.Column("snooze_reason", sa.Text()))
