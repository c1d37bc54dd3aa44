"""Emails that leave: the outbox and its delivery."""
