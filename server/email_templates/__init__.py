"""Email templates: written once, checked hard, rendered for each recipient."""
