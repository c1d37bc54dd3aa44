"""Calls to action, their tasks, and the Cockpit."""

# Whoever has the rows keeps their dates: this registers what does so at each flush.
from server.ctas import next_due as _next_due  # noqa: F401
