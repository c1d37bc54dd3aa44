"""Customer mail: which account each one belongs to and why, who may see it, and what is never kept."""
