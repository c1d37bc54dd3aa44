"""Personal data of contacts: what is held, its export, its erasure with a receipt, and how long each kind is kept."""
