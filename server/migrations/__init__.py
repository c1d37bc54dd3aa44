"""The database's shape and how it got there (Alembic)."""
