"""OAuth scopes: what they are called, what they let do, and which Gmail call wants which.

The table of calls follows the discovery document gmail.v1; a test compares the two.
"""

from __future__ import annotations

GMAIL = "https://www.googleapis.com/auth/gmail."
FULL = "https://mail.google.com/"
SEND, COMPOSE, MODIFY = GMAIL + "send", GMAIL + "compose", GMAIL + "modify"
READONLY, METADATA, LABELS = GMAIL + "readonly", GMAIL + "metadata", GMAIL + "labels"
SETTINGS = GMAIL + "settings.basic"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
PROFILE = "https://www.googleapis.com/auth/userinfo.profile"

# Google answers the short OpenID names in their long form.
CANONICAL = {"email": EMAIL, "profile": PROFILE}

IN_PLAIN_WORDS = {
    "openid": "Know who you are on Google",
    EMAIL: "See your email address",
    PROFILE: "See your name",
    SEND: "Send email on your behalf",
    COMPOSE: "Manage drafts and send emails",
    MODIFY: "Read, compose and send emails from your Gmail account",
    READONLY: "View your email messages and settings",
    METADATA: "View your email message metadata such as labels and headers, but not the email body",
    LABELS: "See and edit your email labels",
    SETTINGS: "See, edit, create or change your email settings and filters in Gmail",
    FULL: "Read, compose, send and permanently delete all your email from Gmail",
}

_READ = frozenset({FULL, MODIFY, READONLY})
_READ_OR_METADATA = _READ | {METADATA}
_COMPOSE = frozenset({FULL, MODIFY, COMPOSE})
_MODIFY = frozenset({FULL, MODIFY})
_LABEL_EDIT = frozenset({FULL, MODIFY, LABELS})

ALLOWED: dict[str, frozenset[str]] = {
    "getProfile": _READ_OR_METADATA | {COMPOSE},
    "watch": _READ_OR_METADATA,
    "stop": _READ_OR_METADATA,
    "messages.send": _COMPOSE | {SEND},
    "messages.get": _READ_OR_METADATA,
    "messages.list": _READ_OR_METADATA,
    "messages.modify": _MODIFY,
    "messages.batchModify": _MODIFY,
    "messages.trash": _MODIFY,
    "messages.untrash": _MODIFY,
    "messages.delete": frozenset({FULL}),
    "drafts.create": _COMPOSE,
    "drafts.update": _COMPOSE,
    "drafts.send": _COMPOSE,
    "drafts.delete": _COMPOSE,
    "drafts.get": _COMPOSE | {READONLY},
    "drafts.list": _COMPOSE | {READONLY},
    "threads.get": _READ_OR_METADATA,
    "threads.list": _READ_OR_METADATA,
    "threads.modify": _MODIFY,
    "history.list": _READ_OR_METADATA,
    "labels.list": _READ_OR_METADATA | {LABELS},
    "labels.get": _READ_OR_METADATA | {LABELS},
    "labels.create": _LABEL_EDIT,
    "labels.delete": _LABEL_EDIT,
    "settings.sendAs.list": _READ | {SETTINGS},
}


def canonical(scope_text: str) -> tuple[str, ...]:
    """The scopes of a space-separated list, in order, without repeats, in their long names."""
    return tuple(dict.fromkeys(CANONICAL.get(scope, scope) for scope in scope_text.split()))


def can_untick(scope: str) -> bool:
    """Google offers a check box for each scope beyond sign-in."""
    return scope not in ("openid", EMAIL, PROFILE)
