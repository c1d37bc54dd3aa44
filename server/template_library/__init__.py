"""The library of email templates: its pages, its editor, and what they look up in the records above the templates."""
