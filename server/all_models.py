"""Every table, for migrations and for tests that make an empty database."""

from server.accounts import models as accounts
from server.audit import models as audit
from server.auth import models as auth
from server.cockpit import models as cockpit
from server.contacts import models as contacts
from server.ctas import models as ctas
from server.db import Base
from server.email_templates import models as email_templates
from server.mail import models as mail
from server.mailboxes import models as mailboxes
from server.measures import models as measures
from server.panel import models as panel
from server.personal_data import models as personal_data
from server.playbooks import models as playbooks
from server.sends import models as sends
from server.timeline import models as timeline
from server.triggers import models as triggers

metadata = Base.metadata

__all__ = [
    "accounts",
    "audit",
    "auth",
    "cockpit",
    "contacts",
    "ctas",
    "email_templates",
    "mail",
    "mailboxes",
    "measures",
    "metadata",
    "panel",
    "personal_data",
    "playbooks",
    "sends",
    "timeline",
    "triggers",
]
