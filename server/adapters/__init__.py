"""How what the ports ask is done today. The only home of vendors' libraries."""
