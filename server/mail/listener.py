"""`rapport inbound`: an SMTP server for mail to secret addresses, to stand behind a real mail server.

That server (an MX) faces the internet: it speaks TLS, refuses spam, keeps mail while we are away and tries again.
With RAPPORT_INBOUND_TRUSTED_MX it also says who mail is really from; without that setting nobody checks it, and
whoever learns a secret address can put made-up mail onto its owner's timelines.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from server.errors import Unavailable
from server.logs import logger
from server.mail.reception import LATER, TAKEN, Reception

LARGEST = 30 * 2**20  # bytes of one mail
MOST_CONNECTIONS = 20  # each may hold one mail in memory
_LONGEST_LINE = 2**20  # bytes; the standard says 998, senders do not
_AT_ONCE = 4  # mails that are stored at the same time
_PATIENCE_S = 15.0  # for mails on their way in when the process is asked to end
_BUSY = b"421 4.3.2 Rapport has too many connections; please try again later\r\n"
_LEAVING = b"421 4.3.2 Rapport is being restarted; please try again later\r\n"

log = logger(__name__)


async def listen(reception: Reception, bind: str, *, stop: asyncio.Event, started: Callable[[str], None]) -> None:
    """Take mail at `bind` (host:port or unix:path) until `stop` is set; then end what is on its way in and leave.

    `started` is told where it listens: port 0 means any free one. Raises Unavailable when it cannot.
    """
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every address there
    room = _Room()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inbound") as threads:
        desk = _Desk(reception, threads)
        server = await _open(bind, lambda: _Conversation(desk, room))
        started(_name_of(server))
        await stop.wait()
        server.close()
        await room.clear()


def run(reception: Reception, bind: str) -> None:
    """Until SIGTERM or SIGINT."""

    async def until_asked_to_end() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await listen(reception, bind, stop=stop, started=lambda where: log.info("inbound_started", where=where))
        log.info("inbound_ended")

    asyncio.run(until_asked_to_end())


async def _open(bind: str, conversation: Callable[[], SMTP]) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        if bind.startswith("unix:"):
            return await loop.create_unix_server(conversation, bind.removeprefix("unix:"))
        host, _, port = bind.rpartition(":")
        return await loop.create_server(conversation, host.strip("[]"), int(port))
    except OSError as error:
        raise Unavailable(
            f"Nobody can listen at {bind}: {error.strerror or error}.", cure="Set RAPPORT_INBOUND_BIND to a free one."
        ) from error


def _name_of(server: asyncio.Server) -> str:
    found = server.sockets[0].getsockname()
    return found if isinstance(found, str) else f"{found[0]}:{found[1]}"


class _Room:
    """The conversations that are going on; those in which a mail is being handed over are `busy`."""

    def __init__(self) -> None:
        self._present: set[_Conversation] = set()
        self._busy: set[_Conversation] = set()
        self._nobody_busy = asyncio.Event()
        self._nobody_busy.set()
        self.is_closing = False

    @contextmanager
    def seat(self, one: _Conversation) -> Iterator[bool]:
        """Whether there is one."""
        if len(self._present) >= MOST_CONNECTIONS or self.is_closing:
            yield False
            return
        self._present.add(one)
        try:
            yield True
        finally:
            self._present.discard(one)

    @contextmanager
    def work(self, one: _Conversation) -> Iterator[None]:
        self._busy.add(one)
        self._nobody_busy.clear()
        try:
            yield
        finally:
            self._busy.discard(one)
            if not self._busy:
                self._nobody_busy.set()

    async def clear(self) -> None:
        """Idle ones are sent away at once, the others when their mail is answered, or when patience ends."""
        self.is_closing = True
        for one in self._present - self._busy:
            one.hang_up(_LEAVING)
        try:
            await asyncio.wait_for(self._nobody_busy.wait(), _PATIENCE_S)
        except TimeoutError:
            log.warning("inbound_mail_cut_off", conversations=len(self._busy))
        for one in set(self._present):
            one.hang_up(_LEAVING)
        await asyncio.gather(*(one.ended() for one in set(self._present)))


class _Desk:
    """What aiosmtpd asks at each step."""

    def __init__(self, reception: Reception, threads: ThreadPoolExecutor) -> None:
        self._reception = reception
        self._threads = threads

    async def handle_RCPT(  # noqa: N802  the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._in_thread(self._reception.answer_recipient, address)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        recipients = [str(one) for one in envelope.rcpt_tos]
        return await self._in_thread(self._reception.answer_mail, content, str(envelope.mail_from), recipients)

    async def handle_exception(self, error: Exception) -> str:
        """A mistake of ours must not cost a mail: aiosmtpd would answer that it is refused for good."""
        log.error("inbound_failed", reason=type(error).__name__, exc_info=error)
        return LATER

    async def _in_thread(self, deed: Callable[..., str], *arguments: object) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, deed, *arguments)


class _Conversation(SMTP):
    """One connection."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, desk: _Desk, room: _Room) -> None:
        super().__init__(
            desk,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="rapport",
            ident="Rapport",
            loop=asyncio.get_running_loop(),
        )
        self._room = room

    def hang_up(self, words: bytes) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(words)
            self.transport.close()

    async def ended(self) -> None:
        assert self._handler_coroutine is not None
        await asyncio.wait([self._handler_coroutine])

    async def _handle_client(self) -> None:
        with self._room.seat(self) as has_seat:
            if has_seat:
                await super()._handle_client()
            else:
                self.hang_up(_BUSY)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        with self._room.work(self):
            await super().smtp_DATA(arg)
        if self._room.is_closing:
            self.hang_up(_LEAVING)
