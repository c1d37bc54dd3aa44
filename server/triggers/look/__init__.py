"""Looking for accounts that a trigger is about: one module for each group of kinds. Nothing here writes."""
