"""Email templates: MJML and Jinja written by admins, compiled once per version, filled in once per contact."""
