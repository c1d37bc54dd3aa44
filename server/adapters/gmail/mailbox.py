"""Gmail and one of its mailboxes, over google-api-python-client for the shapes and our own transport for the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from googleapiclient.discovery import build
from googleapiclient.errors import Error as ClientError
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from server.adapters.gmail import resources
from server.adapters.gmail.access_token import AccessToken
from server.adapters.gmail.google_errors import TokenRefused, port_error
from server.adapters.gmail.transport import OnceOnlyTransport, never_connected
from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.sessions import READ_TIMEOUT_S
from server.clock import Clock
from server.ports.errors import HistoryExpired, Missing, OutcomeUnknown, PortError, Throttled
from server.ports.gmail import (
    Batch,
    Draft,
    GmailMessage,
    HistoryPage,
    Label,
    MessageFormat,
    MessagePage,
    OAuthTokens,
    Profile,
    SendAs,
    SentMessage,
    Watch,
)

T = TypeVar("T")
BATCH_LIMIT = 50
WAIT_AFTER_NO_CONNECTION = timedelta(seconds=60)


class GoogleGmail:
    """The port `Gmail`. One for the process; `open` gives a mailbox, which belongs to one thread."""

    def __init__(
        self,
        *,
        endpoints: GoogleEndpoints,
        client_id: str,
        client_secret: str,
        clock: Clock,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._endpoints = endpoints
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._read_timeout_s = read_timeout_s
        # Reading the discovery document takes tens of milliseconds, so it is done once; every call brings its own
        # transport, and this one is never used.
        self._service = build(
            "gmail",
            "v1",
            http=cast(Any, OnceOnlyTransport()),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": endpoints.gmail_root},
        )

    def open(self, tokens: OAuthTokens, *, on_refresh: Callable[[OAuthTokens], None]) -> GoogleMailbox:
        access = AccessToken(
            tokens,
            endpoints=self._endpoints,
            client_id=self._client_id,
            client_secret=self._client_secret,
            on_refresh=on_refresh,
            clock=self._clock,
        )
        return GoogleMailbox(
            users=self._service.users(),
            access=access,
            transport=OnceOnlyTransport(read_timeout_s=self._read_timeout_s),
            batch_url=self._endpoints.gmail_batch,
            clock=self._clock,
        )


class GoogleMailbox:
    """The port `GmailMailbox`."""

    def __init__(
        self, *, users: Any, access: AccessToken, transport: OnceOnlyTransport, batch_url: str, clock: Clock
    ) -> None:
        self._users = users
        self._messages = users.messages()
        self._drafts = users.drafts()
        self._access = access
        self._transport = transport
        self._batch_url = batch_url
        self._clock = clock

    def profile(self) -> Profile:
        return self._call(
            self._users.getProfile(userId="me"),
            lambda body: Profile(
                email_address=body["emailAddress"],
                history_id=str(body["historyId"]),
                messages_total=int(body.get("messagesTotal", 0)),
            ),
        )

    def create_draft(self, raw: bytes, *, gmail_thread_id: str | None = None) -> Draft:
        body = {"message": _message_body(raw, gmail_thread_id)}
        return self._call(self._drafts.create(userId="me", body=body), resources.draft)

    def get_draft(self, draft_id: str) -> Draft:
        return self._call(self._drafts.get(userId="me", id=draft_id, format="minimal"), resources.draft)

    def send_draft(self, draft_id: str) -> SentMessage:
        try:
            return self._call(self._drafts.send(userId="me", body={"id": draft_id}), resources.sent_message)
        except Missing as error:
            # Gmail deletes a draft when it sends it: gone may well mean sent by an earlier try.
            raise OutcomeUnknown("The draft is gone: it may have been sent.", reason=error.reason) from error

    def delete_draft(self, draft_id: str) -> None:
        self._call(self._drafts.delete(userId="me", id=draft_id), _nothing)

    def send_message(self, raw: bytes, *, gmail_thread_id: str | None = None) -> SentMessage:
        body = _message_body(raw, gmail_thread_id)
        return self._call(self._messages.send(userId="me", body=body), resources.sent_message)

    def get_message(self, gmail_message_id: str, *, message_format: MessageFormat) -> GmailMessage:
        return self._call(self._get_request(gmail_message_id, message_format), resources.message)

    def get_messages(self, gmail_message_ids: Sequence[str], *, message_format: MessageFormat) -> Batch:
        """Raises ValueError for more than 50 ids."""
        if len(gmail_message_ids) > BATCH_LIMIT:
            raise ValueError(f"At most {BATCH_LIMIT} messages go into one batch, not {len(gmail_message_ids)}.")
        if not gmail_message_ids:
            return Batch(found={}, failures={})
        return self._run(lambda: self._batch(dict.fromkeys(gmail_message_ids), message_format))

    def list_messages(
        self,
        *,
        label_ids: Sequence[str] = (),
        query: str | None = None,
        page_token: str | None = None,
        max_results: int = 100,
    ) -> MessagePage:
        asked: dict[str, Any] = {"userId": "me", "maxResults": max_results}
        if label_ids:
            asked["labelIds"] = list(label_ids)
        if query is not None:
            asked["q"] = query
        if page_token is not None:
            asked["pageToken"] = page_token
        return self._call(self._messages.list(**asked), resources.message_page)

    def get_thread(self, gmail_thread_id: str) -> tuple[GmailMessage, ...]:
        request = self._users.threads().get(userId="me", id=gmail_thread_id, format="metadata")
        return self._call(request, lambda body: tuple(resources.message(item) for item in body.get("messages", ())))

    def history(self, *, start_history_id: str, page_token: str | None = None, max_results: int = 500) -> HistoryPage:
        asked: dict[str, Any] = {"userId": "me", "startHistoryId": start_history_id, "maxResults": max_results}
        if page_token is not None:
            asked["pageToken"] = page_token
        try:
            return self._call(self._users.history().list(**asked), resources.history_page)
        except Missing as error:
            raise HistoryExpired("The history cursor is too old.", reason=error.reason) from error

    def labels(self) -> tuple[Label, ...]:
        request = self._users.labels().list(userId="me")
        return self._call(request, lambda body: tuple(resources.label(item) for item in body.get("labels", ())))

    def send_as(self) -> tuple[SendAs, ...]:
        request = self._users.settings().sendAs().list(userId="me")
        return self._call(request, lambda body: tuple(resources.send_as(item) for item in body.get("sendAs", ())))

    def watch(self, *, topic: str, label_ids: Sequence[str] = ()) -> Watch:
        body: dict[str, Any] = {"topicName": topic}
        if label_ids:
            body.update(labelIds=list(label_ids), labelFilterBehavior="include")
        return self._call(
            self._users.watch(userId="me", body=body),
            lambda answer: Watch(
                history_id=str(answer["historyId"]), expires_at=resources.milliseconds(answer["expiration"])
            ),
        )

    def stop_watch(self) -> None:
        self._call(self._users.stop(userId="me"), _nothing)

    def _get_request(self, gmail_message_id: str, message_format: MessageFormat) -> Any:
        return self._messages.get(userId="me", id=gmail_message_id, format=message_format.value)

    def _call(self, request: Any, read: Callable[[Mapping[str, Any]], T]) -> T:
        return self._run(lambda: read(request.execute(http=self._transport, num_retries=0)))

    def _run(self, call: Callable[[], T]) -> T:
        """Make the call, and once more with a new token when the answer was 401.

        A 401 is an answer: Google looked at the token before anything else, so nothing was done, and asking again
        cannot do a thing twice. That holds for POST too, and for no other failure, so only a 401 is repeated.
        """
        self._transport.access_token = self._access.current()
        try:
            return self._attempt(call)
        except TokenRefused:
            self._access.renew()
        self._transport.access_token = self._access.current()
        return self._attempt(call)

    def _attempt(self, call: Callable[[], T]) -> T:
        """One request. Every failure becomes an error of the port.

        `from None`: the texts of the client's errors hold URLs, and with them addresses that were searched for.
        """
        try:
            return call()
        except HttpError as error:
            raise port_error(error, now=self._now()) from None
        except OSError as error:  # requests' own errors are OSErrors
            raise self._without_answer(error) from None
        except (KeyError, TypeError, ValueError, ClientError):
            raise _unreadable() from None

    def _without_answer(self, error: OSError) -> PortError:
        if never_connected(error):
            retry_at = self._now() + WAIT_AFTER_NO_CONNECTION
            return Throttled("Gmail cannot be reached.", retry_at=retry_at, reason="not_reachable")
        return OutcomeUnknown("Gmail gave no answer.", reason=type(error).__name__)

    def _batch(self, asked: dict[str, None], message_format: MessageFormat) -> Batch:
        """Raises TokenRefused when a part met it: the token is the same for all."""
        found: dict[str, GmailMessage | None] = {}
        failures: dict[str, PortError] = {}

        def take(message_id: str, body: Any, error: HttpError | None) -> None:
            try:
                if error is not None:
                    raise port_error(error, now=self._now())
                found[message_id] = resources.message(body)
            except Missing:
                found[message_id] = None
            except PortError as failure:
                failures[message_id] = failure
            except (KeyError, TypeError, ValueError):
                # One message that cannot be read must not cost the others.
                failures[message_id] = _unreadable()

        # Built by hand: new_batch_http_request goes to Google whatever api_endpoint says.
        batch = BatchHttpRequest(callback=take, batch_uri=self._batch_url)
        for message_id in asked:
            batch.add(self._get_request(message_id, message_format), request_id=message_id)
        batch.execute(http=cast(Any, self._transport))
        for failure in failures.values():
            if isinstance(failure, TokenRefused):
                raise failure
        return Batch(
            found={message_id: found[message_id] for message_id in asked if message_id in found},
            failures={message_id: failures[message_id] for message_id in asked if message_id in failures},
        )

    def _now(self) -> datetime:
        return self._clock.now()


def _unreadable() -> OutcomeUnknown:
    return OutcomeUnknown("Gmail's answer cannot be read.", reason="unreadable_answer")


def _message_body(raw: bytes, gmail_thread_id: str | None) -> dict[str, str]:
    body = {"raw": resources.raw_text(raw)}
    if gmail_thread_id is not None:
        body["threadId"] = gmail_thread_id
    return body


def _nothing(_: object) -> None:
    """For calls that answer 204 with no body."""
