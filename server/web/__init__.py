"""The HTTP frame: who is asking, what goes wrong, pages, paging. Knows no feature."""
