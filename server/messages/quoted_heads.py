"""The lines that mail programs put above what they quote or forward, in the languages of their users.

All of it works on lines of bounded length, so that its time grows with the number of lines only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LINES = 20_000  # of a text are looked at; what is longer is a log, and shown whole
_LONGEST_LINE = 400
_MOST_HEAD_LINES = 60
_LABELS = {
    "from": "From Von De Da Van Från Fra Lähettäjä Od Od: От Kimden Feladó 发件人 寄件者 差出人 보낸사람",
    "date": "Date Sent Gesendet Datum Envoyé Fecha Enviado Enviado_el Enviada_em Data Inviato Verzonden Skickat"
    " Sendt Dato Lähetetty Päivämäärä Wysłano Odesláno Отправлено Дата Gönderildi 发送时间 日期 送信日時 日付",
    "to": "To An À A Para Aan Till Til Vastaanottaja Do Komu Кому Kime Címzett 收件人 宛先 받는사람",
    "cc": "Cc CC Copie Kopie Kopia Kopi Копия 抄送 참조",
    "subject": "Subject Betreff Objet Asunto Oggetto Onderwerp Assunto Ämne Emne Aihe Temat Předmět Тема Konu Tárgy"
    " 主题 主旨 件名 제목",
    "other": "Bcc Reply-To Antwort_an Répondre_à Responder_a Importance Priorität Attachments Anlagen Organization",
}
_KIND = {
    label.replace("_", " ").lower(): kind for kind, labels in _LABELS.items() for label in labels.rstrip(":").split()
}
_LABELLED = re.compile(r"[*_]{0,2}([^\W\d_][\w-]{0,14}(?: (?:el|em|an|à|a))?)[ \xa0]?[:：][*_]{0,2}(?:[ \t\xa0](.*)|$)")
_CITED = re.compile(r"[ \t]*(?:>[ \t]?)+")
_WROTE = re.compile(
    r"\b(wrote|writes|schrieb|écrit|escribió|ha scritto|scrive|schreef|escreveu|skrev|kirjoitti|napisała?|napisal"
    r"|pisze|писал|написал|yazdı|írta)\b|写道|寫道|のメール|님이 작성|wrote$",
    re.I,
)
_TIME = re.compile(r"\b\d{1,2}\s?[:.hH時시]\s?\d{2}|\b\d{1,2}\s?[ap]\.?m\b", re.I)
_DAY = re.compile(r"\b(19|20)\d\d\b|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b|(19|20)\d\d(年|년)")
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s?(original (message|appointment)|ursprüngliche nachricht|originalnachricht|message d'origine"
    r"|message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original"
    r"|ursprungligt meddelande|oprindelig meddelelse|alkuperäinen viesti|wiadomość oryginalna|原始邮件)\s?[-_]{2,}\s*",
    re.I,
)
_FORWARD = re.compile(
    r"\s*(?:[-_]{3,}\s?(?:forwarded message|weitergeleitete nachricht|message (?:transféré|transmis)"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|vidarebefordrat meddelande"
    r"|videresendt (?:besked|melding)|wiadomość przekazana|пересылаемое сообщение|转发的邮件|転送メッセージ)"
    r"(?:\s(?:from|von|de)\s.{1,200})?\s?[-_]{3,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht"
    r"|início da mensagem (?:encaminhada|reencaminhada))\s?:)\s*",
    re.I,
)
_FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|i|doorst|enc|vb|vl|pd)\s?:", re.I)
_RULE = re.compile(r"\s*[_-]{10,}\s*")


@dataclass(frozen=True, kw_only=True)
class Head:
    """A block like From/Sent/To/Subject: what it says, and the lines it takes, `end` not included."""

    fields: dict[str, str]
    start: int
    end: int


def uncited(line: str) -> str:
    return _CITED.sub("", line, count=1) if ">" in line[:12] else line


def is_cited(line: str) -> bool:
    return line.lstrip().startswith(">")


def is_forward_line(line: str) -> bool:
    return _FORWARD.fullmatch(uncited(line[:_LONGEST_LINE])) is not None


def is_forward_subject(subject: str) -> bool:
    return _FORWARD_SUBJECT.match(subject) is not None


def is_original_line(line: str) -> bool:
    return _ORIGINAL.fullmatch(line[:_LONGEST_LINE]) is not None


def is_rule(line: str) -> bool:
    return _RULE.fullmatch(line[:_LONGEST_LINE]) is not None


def is_attribution(text: str, *, alone: bool) -> bool:
    """`text` is one line ("On 3 Nov 2026 at 10:15, Anna <anna@x> wrote:"), put together if it was wrapped.

    `alone`: nothing below is marked as a quote, so the line itself must leave no doubt: day, time and an address.
    """
    text = text.strip()
    if len(text) > _LONGEST_LINE or not text.endswith((":", "：")):
        return False
    if alone:
        ends = _WROTE.search(text) is not None or text.rstrip(" :").endswith(">")
        return ends and names_day(text) and _TIME.search(text) is not None and "@" in text
    return _WROTE.search(text) is not None or ((names_day(text) or _TIME.search(text) is not None) and "@" in text)


def names_day(text: str) -> bool:
    return _DAY.search(text[:_LONGEST_LINE]) is not None


def read_head(lines: Sequence[str], start: int) -> Head | None:
    """The header block that begins at `start`; None if there is none. Quote marks before the lines are allowed.

    It must name the sender, and the subject or the day, and a third thing; a line without label goes on with the last.
    """
    if start >= len(lines) or _label(lines[start]) is None:
        return None
    fields: dict[str, str] = {}
    last = ""
    end = start
    for line in lines[start : start + _MOST_HEAD_LINES]:
        found = _label(line)
        if found is None:
            rest = uncited(line).strip()
            if not rest or last not in ("to", "cc"):
                break
            fields[last] += " " + rest
        elif found[0] in fields:
            break
        else:
            last = found[0]
            fields[last] = found[1]
        end += 1
    enough = "from" in fields and len(fields) >= 3 and ("subject" in fields or "date" in fields)
    return Head(fields=fields, start=start, end=end) if enough else None


def _label(line: str) -> tuple[str, str] | None:
    match = _LABELLED.match(uncited(line[: 20 * _LONGEST_LINE]).strip())
    if match is None:
        return None
    kind = _KIND.get(match[1].lower())
    return (kind, (match[2] or "").strip(" *\t\xa0")) if kind else None
