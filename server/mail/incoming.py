"""A mail on its way in, and the people in it as matching sees them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.accounts.domains import domain_of, registrable_domain
from server.contacts.addresses import address_of, match_key
from server.errors import Invalid
from server.mail.models import Route
from server.mail.rules import Rules
from server.mail.secret_address import is_secret
from server.messages.clean import without_control
from server.messages.model import Envelope, Mail, MailKind, Person

_CREDIBLE = timedelta(days=2)  # slow mail arrives within hours; servers give up after some days
_PLAIN_QUOTED = re.compile(r'"([A-Za-z0-9!#$%&\'*+/=?^_`{|}~.-]+)"(@[^@"]+)')
_NO_ANSWER = ("no-reply", "noreply", "no_reply", "donotreply", "do-not-reply", "do_not_reply", "notifications")


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One copy of a mail as one of our people holds it.

    `source` names the copy within its route: the Gmail id, or a digest of a file. `labels` are Gmail label ids.
    `mail` is None where only the envelope was read.
    """

    envelope: Envelope
    user_id: uuid.UUID
    mailbox_id: uuid.UUID | None
    level: str
    route: Route
    source: str
    gmail_message_id: str | None
    gmail_thread_id: str | None
    labels: frozenset[str]
    received_at: datetime
    mail: Mail | None

    @property
    def is_sent(self) -> bool:
        return "SENT" in self.labels

    @property
    def sent_at(self) -> datetime:
        """What the sender says, as long as it fits what was seen: clocks are wrong, and some dates are lies."""
        said = self.envelope.sent_at
        return said if said is not None and abs(said - self.received_at) <= _CREDIBLE else self.received_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """Somebody in a mail. `host` and `registrable` are "" for what is no address that mail could go to."""

    part: str
    position: int
    person: Person
    norm: str
    key: str
    host: str
    registrable: str
    is_ours: bool


def parties_of(incoming: Incoming, rules: Rules) -> tuple[Party, ...]:
    """Who is in it, each part and address once. Reply-To counts only where From cannot be answered."""
    seen: set[tuple[str, str]] = set()
    found: list[Party] = []
    for part, person in _people(incoming):
        if is_secret(person.email):
            continue
        party = _party(part, len(found), person, rules)
        if (part, party.norm) not in seen:
            seen.add((part, party.norm))
            found.append(party)
    return tuple(found)


def parties_named(people: Sequence[Person], rules: Rules) -> tuple[Party, ...]:
    """People of whom only name and address are known, each address once; what is no address that mail goes to is left
    out, and so are our own secret ones.
    """
    found: dict[str, Party] = {}
    for person in people:
        party = _party("to", len(found), person, rules)
        if party.host and not is_secret(person.email):
            found.setdefault(party.norm, party)
    return tuple(found.values())


def sender_of(parties: Sequence[Party]) -> Party | None:
    return next((party for party in parties if party.part == "from"), None)


def _people(incoming: Incoming) -> Iterator[tuple[str, Person]]:
    envelope = incoming.envelope
    yield from (("from", person) for person in authors_of(envelope))
    if envelope.sender is None or envelope.kind is MailKind.AUTOMATIC or _takes_no_answer(envelope.sender):
        yield from (("reply_to", person) for person in envelope.reply_to)
    yield from (("to", person) for person in envelope.to)
    yield from (("cc", person) for person in envelope.cc)
    if incoming.is_sent:
        # A Bcc that a broken client let out to others says nothing of who was written to.
        yield from (("bcc", person) for person in envelope.bcc)
    if envelope.kind is MailKind.BOUNCE:
        addresses = [bounce.address for bounce in incoming.mail.bounces] if incoming.mail else []
        yield from (("bounced", Person(name="", email=address)) for address in addresses or envelope.failed_recipients)


def authors_of(envelope: Envelope) -> tuple[Person, ...]:
    """Who wrote it. A list that puts itself into From says who did in a header of its own."""
    if envelope.original_sender is not None:
        return (envelope.original_sender,)
    return envelope.authors or ((envelope.sender,) if envelope.sender is not None else ())


def _takes_no_answer(sender: Person) -> bool:
    return sender.email.rpartition("@")[0].lower().startswith(_NO_ANSWER)


def _party(part: str, position: int, person: Person, rules: Rules) -> Party:
    written = without_control(person.email)  # those of a mail are clean; those of a draft come from a page
    try:
        norm = address_of(_PLAIN_QUOTED.sub(r"\1\2", written)).norm
        host = norm.rpartition("@")[2]
    except Invalid:
        # Quoted and non-ASCII local parts are not in any CRM, but their domain still says who they are.
        local, _, written_host = written.strip().rpartition("@")
        host = domain_of(written_host) or ""
        norm = f"{local.lower()}@{host or written_host.lower()}"
    return Party(
        part=part,
        position=position,
        person=person,
        norm=norm,
        key=match_key(norm),
        host=host,
        registrable=registrable_domain(host) if host else "",
        is_ours=rules.is_ours(norm),
    )
