"""Mail for domains that a server on this machine takes: handed over by SMTP, as a mail exchanger would."""

from __future__ import annotations

import contextlib
import smtplib
import threading
from collections.abc import Mapping

from server.sandbox.mail_text import MailText


def hand_over(routes: Mapping[str, tuple[str, int]], address: str, mail: MailText, *, sender: str) -> bool:
    """Whether a route takes it. Fire and forget, in a thread: the recipient stands in the envelope alone."""
    route = routes.get(address.rpartition("@")[2].lower())
    if route is None:
        return False
    threading.Thread(target=_send, args=(*route, sender, address, mail.without("Bcc").raw), daemon=True).start()
    return True


def _send(host: str, port: int, sender: str, address: str, raw: bytes) -> None:
    # A mail exchanger would try again for days; the sandbox keeps no queue.
    with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP(host, port, timeout=10) as connection:
        connection.sendmail(sender, [address], raw)
