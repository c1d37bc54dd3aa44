"""Rapport: email for customer success, on your own server."""

__version__ = "0.1.0"
