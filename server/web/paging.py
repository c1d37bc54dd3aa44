"""Page markers that are the id of the last row shown."""

from __future__ import annotations

import uuid

from server.errors import Invalid


def row_marker(value: str | None) -> uuid.UUID | None:
    """The row that a page ended with, or None for the first page. Raises Invalid for anything else."""
    try:
        return uuid.UUID(value) if value is not None else None
    except ValueError as error:
        raise Invalid("This page marker is not one of ours.", cure="Start from the first page.") from error
