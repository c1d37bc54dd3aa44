"""Mail of Rapport itself by SMTP, with smtplib. The server's certificate is always checked."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate

from server.ports.errors import OutcomeUnknown, Rejected
from server.ports.post import Letter, NotNow

_PATIENCE_S = 20
_FOR_GOOD = 500


class SmtpPost:
    """`tls`: None, "tls" from the first byte on, or "starttls"."""

    def __init__(
        self, *, host: str, port: int, tls: str | None, user: str | None, password: str | None, sender: str
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._user, self._password, self._sender = user, password, sender

    def send(self, letter: Letter) -> None:
        message = self._message(letter)
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow("The mail server cannot be used.", reason=type(error).__name__) from error
        try:
            connection.sendmail(self._sender, [letter.to], message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(max(code for code, _ in error.recipients.values())) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise OutcomeUnknown("The mail server went away.", reason=type(error).__name__) from error
        finally:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_PATIENCE_S, context=context)
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=_PATIENCE_S)
        try:
            if self._tls == "starttls":
                connection.starttls(context=context)
            if self._user is not None and self._password is not None:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _message(self, letter: Letter) -> bytes:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = f"Rapport <{self._sender}>"
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.key}@{self._sender.rpartition('@')[2]}>"
        # RFC 3834: nobody's machine is to answer.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="quoted-printable")
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


def _refusal(code: int) -> Rejected | NotNow:
    if code >= _FOR_GOOD:
        return Rejected("The mail server refuses this mail.", reason=str(code))
    return NotNow("The mail server asks to try again later.", reason=str(code))
