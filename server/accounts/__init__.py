"""Customer companies."""
