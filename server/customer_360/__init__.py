"""Everything about one customer on one page: facts, contacts, open CTAs, timeline."""
