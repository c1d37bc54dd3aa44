"""Finding accounts, contacts and CTAs from the field at the top."""
