"""The audit log: who did what to which record, from where. It is only ever added to."""
