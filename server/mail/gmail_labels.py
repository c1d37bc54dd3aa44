"""Labels as a Google Takeout names them: in the language of its owner. Only those that decide something are known."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.mail.models import ExclusionKind, MailExclusion

# English, German, French, Spanish, Italian, Dutch, Portuguese (Brazil, Portugal), Japanese; older names beside newer.
_NAMES = {
    "SENT": (
        "Sent", "Sent Mail", "Sent Messages", "Gesendet", "Messages envoyés", "Envoyés", "Envoyé", "Enviados",
        "Enviado", "Inviati", "Inviata", "Posta inviata", "Verzonden", "Verzonden berichten", "E-mails enviados",
        "Correio enviado", "送信済み", "送信済みメール",
    ),
    "INBOX": (
        "Inbox", "Posteingang", "Boîte de réception", "Recibidos", "Bandeja de entrada", "Posta in arrivo",
        "Postvak IN", "Inbox (postvak IN)", "Caixa de entrada", "A receber", "受信トレイ",
    ),
    "DRAFT": (
        "Draft", "Drafts", "Entwurf", "Entwürfe", "Brouillon", "Brouillons", "Borrador", "Borradores", "Bozza", "Bozze",
        "Concept", "Concepten", "Rascunho", "Rascunhos", "下書き",
    ),
    "SPAM": (
        "Spam", "Junk", "Pourriel", "Pourriels", "Correo no deseado", "Posta indesiderata", "Ongewenste e-mail",
        "Lixo eletrônico", "Correio não solicitado", "迷惑メール",
    ),
    "TRASH": (
        "Trash", "Bin", "Deleted", "Papierkorb", "Corbeille", "Papelera", "Cestino", "Prullenbak", "Prullenmand",
        "Lixeira", "Lixo", "Reciclagem", "ゴミ箱",
    ),
    "CHAT": ("Chat", "Chats", "Discussion", "Discussions", "Chatnachrichten", "チャット"),
}  # fmt: skip
_SYSTEM = {name.casefold(): label for label, names in _NAMES.items() for name in names}


def label_ids(names: Iterable[str], own: Mapping[str, str]) -> frozenset[str]:
    """Gmail's ids of these labels, as far as they decide something. `own` are ids of labels that are left out."""
    folded = [name.strip().casefold() for name in names]
    return frozenset(found for name in folded for found in (_SYSTEM.get(name), own.get(name)) if found)


def left_out(session: Session, mailbox_id: uuid.UUID | None) -> dict[str, str]:
    """Labels that are excluded for this mailbox: their ids by their names in lower case, as files name them."""
    statement = select(MailExclusion.label, MailExclusion.value).where(
        MailExclusion.kind == ExclusionKind.LABEL,
        or_(MailExclusion.mailbox_id.is_(None), MailExclusion.mailbox_id == mailbox_id),
    )
    return {name.strip().casefold(): value for name, value in session.execute(statement)}
