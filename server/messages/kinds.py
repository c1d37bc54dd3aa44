"""Which kind of mail it is, and by which rule. The first rule that fits decides.

X-Auto-Response-Suppress is never asked: it says what the sender does not want to get, and people's mail carries it.
"""

from __future__ import annotations

import re

from server.messages.headers import Headers
from server.messages.model import MailKind, Person

CALENDAR_WORDS = {
    "REQUEST": "It is a calendar invitation (METHOD:REQUEST)",
    "REPLY": "It is the answer to a calendar invitation (METHOD:REPLY)",
    "CANCEL": "It cancels a calendar event (METHOD:CANCEL)",
    "COUNTER": "It proposes another time for a calendar event (METHOD:COUNTER)",
}
_ROBOT = re.compile(
    r"(no|do[-_.]?not|ne[-_.]?pas|keine?|nicht)[-_.]?(reply|respond|repondre|response|answer|antwort\w*)"
    r"([-_.+].*)?|.*[-_.](noreply|no-reply|donotreply)|no[-_.]?responder([-_.+].*)?|nao[-_.]?responda([-_.+].*)?"
    r"|(notifications?|alerts?|automail(er)?|auto[-_.]?notify|system[-_.]?messages?|bounces?)([-_.+].*)?"
    r"|(mailer[-_.]daemon|postmaster)"
)
_DAEMON = re.compile(r"mailer[-_.]?daemon|postmaster|mail[-_.]?delivery([-_.].*)?|mdaemon")
_UNDELIVERED_WORDS = (
    *("undeliver", "non-deliver", "non deliver", "nondeliver", "not be delivered", "not delivered", "returned mail"),
    *("return to sender", "returned to sender", "delivery status", "delivery failure", "delivery has failed"),
    *("failure notice", "mail delivery", "delivery incomplete", "delivery delayed", "unzustellbar", "nicht zugestellt"),
    *("non remis", "échec de remise", "échec de la remise", "no se puede entregar", "no entregado"),
    *("mancato recapito", "onbestelbaar", "niet bezorgd", "não entregue"),
)
_UNDELIVERED = re.compile("|".join(_UNDELIVERED_WORDS), re.I)
# How subjects of absence notes begin. Only asked when the mail answers one or was sent from nobody: people write
# "Out of office" over their own mails, too.
_ABSENCE_WORDS = (
    *("auto[- ]?reply", "auto[- ]?response", "automatic reply", "automatic response", "automated reply"),
    *("automated response", "automatically generated reply", "out of (the )?office", "ooo:", "on (annual )?leave:"),
    *("automatische antwort", "auto[- ]?antwort", "abwesend", "abwesenheit", "(ich bin )?nicht im (büro|haus)"),
    *("automatisch antwoord", "automatische antwoord", "afwezig", "niet aanwezig"),
    *("réponse automatique", "absence d[eu']", "absence :", "absent d[ue]"),
    *("respuesta automática", "fuera de (la )?oficina", "ausencia"),
    *("risposta automatica", "fuori sede", "fuori ufficio", "resposta automática", "fora do escritório"),
    *("automatiskt svar", "automatisk svar", "autosvar", "frånvaro", "poissa", "automaattinen vastaus"),
    *(
        "autoodpowiedź",
        "automatyczna odpowiedź",
        "automatická odpověď",
        "автоответ",
        "自動応答",
        "自动回复",
        "不在通知",
    ),
)
# Mail servers write these with a colon before the subject that they answer; people do not.
_SERVERS_WORDS = (
    *("auto[- ]?reply", "automatic reply", "automated reply", "automatische antwort", "automatisch antwoord"),
    *("réponse automatique", "respuesta automática", "risposta automatica", "resposta automática"),
    *("automatiskt svar", "automatisk svar", "automaattinen vastaus", "autoodpowiedź", "automatická odpověď"),
)
_ANSWERED_BY_SERVER = re.compile(rf"(?:{'|'.join(_SERVERS_WORDS)})\s?+:", re.I)
_ABSENT = re.compile(rf"\W*+(?:{'|'.join(_ABSENCE_WORDS)})", re.I)


def kind_by_headers(headers: Headers, sender: Person | None, *, is_answer: bool) -> tuple[MailKind, str]:
    """The kind and the rule in words for the person who reads it."""
    reason = _bounce(headers, sender)
    if reason:
        return MailKind.BOUNCE, reason
    reason = _calendar(headers)
    if reason:
        return MailKind.CALENDAR, reason
    reason = _auto_reply(headers, is_answer=is_answer)
    if reason:
        return MailKind.AUTO_REPLY, reason
    reason = _list(headers)
    if reason:
        return MailKind.BULK, reason
    submitted = _first_word(headers, "auto-submitted")
    if submitted not in ("", "no"):
        return MailKind.AUTOMATIC, f"Auto-Submitted: {submitted}"
    precedence = _first_word(headers, "precedence")
    if precedence in ("bulk", "list", "junk"):
        return MailKind.BULK, f"Precedence: {precedence}"
    if sender is not None and _ROBOT.fullmatch(_local_part(sender)[:200]):
        return MailKind.AUTOMATIC, "Its sender is an address that nobody reads (like no-reply@)"
    return MailKind.PERSONAL, "No rule for automatic mail fits"


def takes_no_mail(address: str) -> bool:
    """Whether an address is one that nobody reads, by how it is called (like no-reply@)."""
    local = address.rpartition("@")[0].lower()[:200]
    return bool(_ROBOT.fullmatch(local) or _DAEMON.fullmatch(local))


def is_from_mail_system(headers: Headers, sender: Person | None) -> bool:
    """True when a mail server may have written it: only then its text is searched for addresses that failed."""
    return is_daemon(sender) or has_empty_return_path(headers) or "x-failed-recipients" in headers


def is_daemon(sender: Person | None) -> bool:
    return sender is not None and _DAEMON.fullmatch(_local_part(sender)) is not None


def has_empty_return_path(headers: Headers) -> bool:
    return any(value.replace(" ", "") == "<>" for value in headers.every("return-path"))


def calendar_reason(method: str) -> str:
    return CALENDAR_WORDS.get(method, f"It is calendar mail (METHOD:{method})" if method else "It is calendar mail")


def _local_part(person: Person) -> str:
    return person.email.rpartition("@")[0].lower()


def _bounce(headers: Headers, sender: Person | None) -> str:
    content_type = headers.first("content-type").lower()
    if content_type.startswith("multipart/report") and "delivery-status" in content_type:
        return "It is a delivery report (multipart/report)"
    if headers.first("x-failed-recipients"):
        return "X-Failed-Recipients names an address that was not reached"
    if is_daemon(sender) and _UNDELIVERED.search(headers.text("subject")):
        return "A mail server writes that a mail was not delivered"
    return ""


def _calendar(headers: Headers) -> str:
    content_type = headers.first("content-type").lower()
    if content_type.startswith("text/calendar"):
        method = re.search(r"method=\"?([a-z]{3,20})", content_type)
        return calendar_reason(method[1].upper() if method else "")
    if headers.first("content-class").lower().endswith("calendarmessage"):
        return "It is calendar mail (Content-Class: calendarmessage)"
    return ""


def _auto_reply(headers: Headers, *, is_answer: bool) -> str:
    submitted = _first_word(headers, "auto-submitted")
    if submitted.startswith("auto-replied"):
        return "Auto-Submitted: auto-replied"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From"):
        if headers.text(name.lower()).lower() not in ("", "no", "false", "0"):
            return f"It has the header {name}"
    if _first_word(headers, "precedence").replace("-", "_") == "auto_reply":
        return "Precedence: auto_reply"
    content_type = headers.first("content-type").lower()
    if content_type.startswith("multipart/report") and "disposition-notification" in content_type:
        return "It is a read receipt"
    subject = headers.text("subject")
    if _ANSWERED_BY_SERVER.match(subject):
        return "Its subject begins as mail servers begin those of automatic replies"
    if (is_answer or has_empty_return_path(headers)) and _ABSENT.match(subject):
        why = "it answers a mail" if is_answer else "it has no return path"
        return f"Its subject is that of an automatic reply, and {why}"
    return ""


def _list(headers: Headers) -> str:
    for name in ("List-Id", "List-Unsubscribe"):
        if headers.first(name.lower()):
            return f"It has the header {name}"
    return ""


def _first_word(headers: Headers, name: str) -> str:
    """`auto-replied (vacation); owner=x` as `auto-replied`."""
    words = re.split(r"[;\s(]", headers.text(name, 100).lower(), maxsplit=1)
    return words[0].strip("\"'")
