"""Calls to action, their tasks, and the Cockpit."""
