"""Triggers: what opens CTAs on the clock, what they would open, and rehearsal."""
