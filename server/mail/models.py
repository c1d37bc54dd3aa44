"""One mail as the world sent it, who holds a copy of it, which accounts it belongs to, and the rules of all that."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class MailState(StrEnum):
    """`removed` is a tombstone: a person took it away, its content is gone, and its keys keep it from coming back."""

    LINKED = "linked"
    WAITING = "waiting"
    REMOVED = "removed"


class LinkRule(StrEnum):
    """Why a mail is on an account's timeline; strongest first."""

    PERSON = "person"
    SENT_FROM_HERE = "sent_from_here"
    CONTACT_ADDRESS = "contact_address"
    ALTERNATE_ADDRESS = "alternate_address"
    NORMALISED_ADDRESS = "normalised_address"
    BOUNCED_ADDRESS = "bounced_address"
    THREAD = "thread"
    DOMAIN = "domain"


class LinkState(StrEnum):
    LINKED = "linked"
    UNLINKED = "unlinked"


class Route(StrEnum):
    """How a copy came to us."""

    GMAIL = "gmail"
    BCC = "bcc"
    FORWARD = "forward"
    IMPORT = "import"


class ExclusionKind(StrEnum):
    ADDRESS = "address"
    DOMAIN = "domain"
    LABEL = "label"
    THREAD = "thread"


class MailThread(Base):
    """A conversation, whatever mailboxes it runs through."""

    __tablename__ = "mail_thread"

    created_at: Mapped[datetime]


class MailMessage(Base):
    """One mail. Copies of it in several mailboxes are `MailCopy`; what is shown of it stands in timeline entries.

    `waiting_reason` is tie or nobody_known. `level_by_person` is a restriction that a holder put on this mail alone.
    `rule_version` is the number of the rules by which it was last decided. `ties` is what a person is asked:
    {address: [account ids]}; also of a mail that is linked to other accounts for sure. `text_removed_months`: the
    retention rule took its text away after so many, and nobody fetches it again.
    """

    __tablename__ = "mail_message"
    __table_args__ = (Index("ix_mail_message_state_sent_at_id", "state", "sent_at", "id"),)

    mail_thread_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_thread.id"), index=True)
    state: Mapped[str]
    waiting_reason: Mapped[str | None]
    ties: Mapped[dict[str, Any]]
    rfc_message_id: Mapped[str | None] = mapped_column(index=True)
    subject: Mapped[str]
    sent_at: Mapped[datetime]
    kind: Mapped[str]
    kind_reason: Mapped[str]
    level_by_person: Mapped[str | None]
    rule_version: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    text_removed_months: Mapped[int | None]


class MailContent(Base):
    """What it says; only of mail that is linked, or that was given to us to keep. Same id as the message.

    `new_text` is `text` without what it quotes. `html` is as it came and is sanitised when it is shown.
    `attachments` is [{name, content_type, size}]: never their content.
    """

    __tablename__ = "mail_content"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str]
    new_text: Mapped[str]
    html: Mapped[str | None]
    attachments: Mapped[list[Any]]
    is_cut: Mapped[bool] = mapped_column(Boolean)


class MailKey(Base):
    """By what the same mail is known again: keyed hashes, so that a tombstone says nothing of what it was."""

    __tablename__ = "mail_key"

    mail_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(unique=True)


class MailReference(Base):
    """A Message-ID that a mail names in References or In-Reply-To."""

    __tablename__ = "mail_reference"

    mail_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"), index=True)
    rfc_message_id: Mapped[str] = mapped_column(index=True)


class MailParticipant(Base):
    """Somebody in it. `part` is from, reply_to, to, cc, bcc or bounced; `email_norm` and `match_key` as in contacts.

    `contact_id` and `account_id` say whom they were matched to; both None for those whom nobody knows (yet).
    """

    __tablename__ = "mail_participant"

    mail_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"), index=True)
    part: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    email: Mapped[str]
    email_norm: Mapped[str] = mapped_column(index=True)
    match_key: Mapped[str] = mapped_column(index=True)
    registrable: Mapped[str] = mapped_column(index=True)
    is_ours: Mapped[bool] = mapped_column(Boolean)
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)


class MailCopy(Base):
    """One holder's copy. `source` names it in its mailbox or file.

    `level` is what the holder had chosen for everything when it came, `own_level` their word on this mail alone.
    """

    __tablename__ = "mail_copy"
    __table_args__ = (
        UniqueConstraint("mail_message_id", "user_id", "route", "source"),
        Index("ix_mail_copy_mailbox_id_gmail_message_id", "mailbox_id", "gmail_message_id"),
        Index("ix_mail_copy_mailbox_id_gmail_thread_id", "mailbox_id", "gmail_thread_id"),
    )

    mail_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    mailbox_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("mailbox.id"))
    route: Mapped[str]
    source: Mapped[str]
    gmail_message_id: Mapped[str | None]
    gmail_thread_id: Mapped[str | None]
    is_sent: Mapped[bool] = mapped_column(Boolean)
    level: Mapped[str]
    own_level: Mapped[str | None]
    created_at: Mapped[datetime]


class MailChoice(Base):
    """What a person chose for one mail before they sent it, and the mail that used it up.

    `people_key` is a keyed hash of all to whom it goes, None when nobody has to find it by them any more;
    `gmail_thread_id` is of a reply whose conversation was known. `used_at` is None until it is one mail's own, which
    `gmail_message_id` and `mail_key` (as in MailKey) name.
    """

    __tablename__ = "mail_choice"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "gmail_message_id"),
        Index("ix_mail_choice_mailbox_id_people_key", "mailbox_id", "people_key"),
        Index("ix_mail_choice_mailbox_id_mail_key", "mailbox_id", "mail_key"),
    )

    mailbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"))
    people_key: Mapped[str | None]
    gmail_thread_id: Mapped[str | None]
    level: Mapped[str]
    chosen_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    gmail_message_id: Mapped[str | None]
    mail_key: Mapped[str | None]


class MailLink(Base):
    """A mail on an account's timeline, or (`unlinked`) a person's word that it does not belong there.

    `candidates` are those that lost: [{account_id, account, rule, address, lost_because}].
    """

    __tablename__ = "mail_link"
    __table_args__ = (UniqueConstraint("mail_message_id", "account_id"),)

    mail_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_message.id", ondelete="CASCADE"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    state: Mapped[str]
    rule: Mapped[str]
    address: Mapped[str | None]
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    candidates: Mapped[list[Any]]
    rule_version: Mapped[int]
    by_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime]
    timeline_entry_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("timeline_entry.id", ondelete="SET NULL"), index=True
    )


class ThreadDecision(Base):
    """A person's word for a whole conversation, also for what comes later."""

    __tablename__ = "thread_decision"
    __table_args__ = (UniqueConstraint("mail_thread_id", "account_id"),)

    mail_thread_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail_thread.id", ondelete="CASCADE"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str]
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime]


class NeverPair(Base):
    """Mail of this address never goes to this account."""

    __tablename__ = "never_pair"
    __table_args__ = (UniqueConstraint("email_norm", "account_id"),)

    email_norm: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class MailExclusion(Base):
    """Mail that is never kept. `mailbox_id` None: of everybody; else of this mailbox alone (an address: a pair).

    `value` is an address as in contacts, a domain with all below it, a Gmail label's id, or a Gmail thread's id;
    `label` is how people call it.
    """

    __tablename__ = "mail_exclusion"

    kind: Mapped[str]
    value: Mapped[str] = mapped_column(index=True)
    label: Mapped[str]
    mailbox_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"), index=True)
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class OwnDomain(Base):
    """A domain of our own company, besides those of our users' addresses."""

    __tablename__ = "own_domain"

    domain: Mapped[str] = mapped_column(unique=True)
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class SharedDomain(Base):
    """A domain that says nothing of the company, besides the free-mail domains that Rapport knows."""

    __tablename__ = "shared_domain"

    domain: Mapped[str] = mapped_column(unique=True)
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class RulesChange(Base):
    """The rules have a version: the highest number here. Each change of them adds one."""

    __tablename__ = "rules_change"

    number: Mapped[int] = mapped_column(unique=True)
    what: Mapped[str]
    by_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]


class MailReplay(Base):
    """The present rules, tried on the past: first a preview, then, if a person says so, for good.

    `state` is previewing, previewed, applying or applied. `counts` is {link, unlink, exclude, unchanged, by_person};
    `sample` the first changes as [{mail_message_id, account, change, reason}], without a word of the mail itself;
    `counts["failed"]` are mails that could not be decided.
    """

    __tablename__ = "mail_replay"

    state: Mapped[str]
    by_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    since: Mapped[datetime]
    rule_version: Mapped[int]
    position: Mapped[uuid.UUID | None]
    total: Mapped[int]
    done: Mapped[int]
    counts: Mapped[dict[str, Any]]
    sample: Mapped[list[Any]]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class InboundAddress(Base):
    """A user's own secret address for BCC and forwarding: log+<token>@<RAPPORT_INBOUND_DOMAIN>.

    `question_*`: Gmail asked it last whether it takes the mail of that address of the user's, and gave this code.
    """

    __tablename__ = "inbound_address"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    level: Mapped[str]
    question_code: Mapped[str | None]
    question_email: Mapped[str | None]
    question_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MailSalt(Base):
    """What the keys of mail are hashed with: made once, so that the same mail has the same keys for ever."""

    __tablename__ = "mail_salt"

    salt: Mapped[str]


class MailCursor(Base):
    """How far a look over changed records has come; `name` is the look's."""

    __tablename__ = "mail_cursor"

    name: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
