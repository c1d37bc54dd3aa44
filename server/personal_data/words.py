"""Each kind of personal data in words that the person concerned understands."""

from __future__ import annotations

from dataclasses import dataclass

from server.personal import Kind


@dataclass(frozen=True, kw_only=True)
class KindWords:
    """`rule` names the retention rule that ends it; without one it is kept until it is erased."""

    label: str
    where: str
    why: str
    rule: str | None = None


KINDS: dict[Kind, KindWords] = {
    Kind.CONTACT: KindWords(
        label="Contact record",
        where="Contacts: name, title, role, language, addresses, whether they want email",
        why="To know whom to write to at a customer company",
    ),
    Kind.MAIL_ENVELOPE: KindWords(
        label="Who wrote to whom, when, about what",
        where="Mail that our people wrote or got, and which accounts it belongs to",
        why="To know what was said between us and the customer company",
    ),
    Kind.MAIL_TEXT: KindWords(
        label="Text of mail",
        where="Mail that stands on a timeline: text, layout, names of attachments",
        why="To know what was said between us and the customer company",
        rule="mail_text",
    ),
    Kind.WAITING_MAIL: KindWords(
        label="Mail that is not placed yet",
        where="Unmatched mail: who, when and about what, shown to the owner of the mailbox alone",
        why="To ask its owner which customer it belongs to",
        rule="waiting_mail",
    ),
    Kind.MAIL_RULE: KindWords(
        label="Rules about the address",
        where="Mail rules: addresses that are left out or never linked, and who said so",
        why="To leave out mail that is not ours to keep",
    ),
    Kind.SENT_EMAIL: KindWords(
        label="Emails sent from Rapport",
        where="Outbox: to whom, when, about what, what became of it",
        why="To prove what was sent, and never to send it twice",
    ),
    Kind.SENT_TEXT: KindWords(
        label="Text of emails sent from Rapport",
        where="Outbox: the email exactly as it was sent",
        why="To answer questions about what was sent",
        rule="sent_text",
    ),
    Kind.TIMELINE: KindWords(
        label="Timeline entries",
        where="The timelines of accounts: entries that they are in or that name them",
        why="To know what happened with the customer company",
    ),
    Kind.TASK: KindWords(
        label="Tasks and notes",
        where="Cockpit: calls to action and tasks that name them",
        why="To do what was promised",
    ),
    Kind.DRAFT: KindWords(
        label="Drafts and previews",
        where="The composer's previews (for an hour) and drafts of email templates",
        why="To look at an email before it is sent",
    ),
}
OUTSIDE = (
    "Our people's mailboxes at Google: ask their owners to delete the mail there.",
    "Backups of the database: they end at their age, and what is restored must be erased again.",
    "Logs of proxies and of the operator: Rapport's own logs hold ids and no addresses.",
    "The CRM that contacts are imported from.",
)
ALWAYS_KEPT = (
    "The address as a keyed hash, so that nothing of the person is stored again",
    "The audit log: who of our people did what, with ids and never a name or an address of a customer",
)
