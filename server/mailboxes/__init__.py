"""Gmail mailboxes that users have connected."""
