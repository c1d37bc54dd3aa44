"""What stands beside the mail that is being written or read: for the Gmail extension."""
