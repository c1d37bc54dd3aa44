"""Playbooks: recipes of tasks, in versions; and the lists that CTAs choose from."""
