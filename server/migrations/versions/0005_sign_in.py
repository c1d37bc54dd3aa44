"""Sign-in: from where a session was opened."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("user_session", sa.Column("ip", sa.Text()))
