"""What a token may be given: words for deeds of the one policy. It never does more than its person may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from server.auth.policy import Deed, Scope, scope_of
from server.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class TokenScope:
    """`words` go on after "It may"."""

    name: str
    words: str
    deeds: tuple[Deed, ...]


SCOPES: Mapping[str, TokenScope] = {
    one.name: one
    for one in (
        TokenScope(name="read", words="see accounts, contacts, timelines, CTAs and templates", deeds=(Deed.LOOK,)),
        TokenScope(name="mail", words="read the mail that you may read", deeds=(Deed.READ_MAIL,)),
        TokenScope(
            name="file",
            words="say where mail belongs and who sees it, add contacts, and log calls and notes as you",
            deeds=(Deed.SORT_MAIL, Deed.CORRECT_MAIL, Deed.LOG_ACTIVITY),
        ),
        TokenScope(name="tasks", words="work on tasks as you", deeds=(Deed.WORK_TASKS,)),
        TokenScope(name="send", words="send emails as you", deeds=(Deed.SEND_EMAILS, Deed.SEE_OUTBOX)),
        TokenScope(
            name="mailbox",
            words="ask what became of your mail and choose who reads what you write",
            deeds=(Deed.HAVE_MAILBOX,),
        ),
        TokenScope(name="audit", words="export the audit log", deeds=(Deed.READ_AUDIT_LOG,)),
    )
}
OF_EXTENSION = ("read", "mail", "file", "tasks", "send", "mailbox")


def of_role(role: str) -> list[TokenScope]:
    """Those with which somebody of this role could do anything at all."""
    return [one for one in SCOPES.values() if any(scope_of(role, deed) > Scope.NOBODYS for deed in one.deeds)]


def chosen(names: Collection[str], allowed: Collection[str]) -> tuple[str, ...]:
    """These names, each once, in the order of SCOPES. Raises Invalid for none, and for one that is not allowed."""
    unknown = sorted(set(names) - set(allowed))
    if unknown or not names:
        what = f"{', '.join(map(repr, unknown))} is no scope here." if unknown else "No scope was chosen."
        raise Invalid(what, cure=f"Choose from: {', '.join(allowed)}.", fields={"scope": what})
    return tuple(name for name in SCOPES if name in names)


def deeds_of(scopes: Sequence[str]) -> frozenset[str]:
    """What is no scope any more gives nothing."""
    return frozenset(deed.value for name in scopes if name in SCOPES for deed in SCOPES[name].deeds)


def names_of(deeds: Collection[str]) -> list[str]:
    """The scopes that these deeds make whole."""
    return [one.name for one in SCOPES.values() if all(deed in deeds for deed in one.deeds)]
