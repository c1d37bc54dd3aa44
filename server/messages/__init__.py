"""A mail's bytes or headers, read. Pure: no database, no network, no clock."""
