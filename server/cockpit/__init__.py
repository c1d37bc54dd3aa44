"""The Cockpit: everybody's CTAs as a list, a board or a calendar."""
