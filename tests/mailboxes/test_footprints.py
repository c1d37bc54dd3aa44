"""The two footprints: envelopes only, or also texts. Never both scopes in one grant, and each does only what it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from server.errors import Invalid
from server.mailboxes import aliases, connection
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES, can_read_text
from server.mailboxes.models import Mailbox
from server.ports.gmail import COMPOSE_SCOPE, METADATA_SCOPE, READONLY_SCOPE
from server.ports.google_accounts import MailboxGrant
from tests.cast import ALICE
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail


def connect(reader: Reader, *scopes: str) -> Mailbox:
    granted = reader.sandbox.tokens_for(reader.email, scopes)
    with reader.runtime.db.transaction() as session:
        return connection.connect(
            session,
            user_id=reader.mailbox().user_id,
            user_email=reader.email,
            grant=MailboxGrant(tokens=replace(granted, scopes=frozenset(scopes)), email=reader.email),
            vault=reader.runtime.vault,
            now=reader.runtime.clock.now(),
        )


def test_no_footprint_asks_for_both_scopes() -> None:
    assert not {METADATA_SCOPE, READONLY_SCOPE} <= {*ENVELOPE_SCOPES}
    assert not {METADATA_SCOPE, READONLY_SCOPE} <= {*TEXT_SCOPES}


@pytest.mark.parametrize(("scopes", "texts"), [(ENVELOPE_SCOPES, False), (TEXT_SCOPES, True)])
def test_either_footprint_connects(reader: Reader, scopes: tuple[str, ...], texts: bool) -> None:
    assert can_read_text(connect(reader, *scopes)) is texts


@pytest.mark.parametrize("scopes", [(COMPOSE_SCOPE,), (METADATA_SCOPE,), (READONLY_SCOPE,), ("openid",)])
def test_half_a_footprint_is_refused(reader: Reader, scopes: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="leave both boxes ticked"):
        connect(reader, *scopes)


def test_a_grant_with_both_is_taken_for_what_google_makes_of_it(reader: Reader) -> None:
    assert not can_read_text(connect(reader, COMPOSE_SCOPE, METADATA_SCOPE, READONLY_SCOPE))


def test_changing_the_footprint_keeps_the_place_and_alarms_nobody(reader: Reader) -> None:
    ids = reader.put(a_mail("1", days_ago=29.999), a_mail("2"))
    reader.start()
    reader.run()
    for scopes in (ENVELOPE_SCOPES, TEXT_SCOPES):
        connect(reader, *scopes)
        ids += reader.put(a_mail("3"))
        reader.run()
        assert reader.states() == dict.fromkeys(ids, "logged")
        found = reader.compare()
        assert not hasattr(found, "unexplained") or found.unexplained == 0


@pytest.mark.peer_case(24)
def test_the_addresses_to_send_from_are_read_where_the_grant_allows_it(
    reader_with: Callable[[tuple[str, ...]], Reader], stepping_clock: SteppingClock
) -> None:
    """Case 24: mail of a send-as alias is the user's own; the list is read again each day."""
    reader = reader_with(TEXT_SCOPES)
    reader.start()
    reader.run()
    assert _own(reader) == {ALICE}
    reader.sandbox.set_send_as(ALICE, "CS@Rapport.example")
    reader.run()
    assert reader.calls("settings.sendAs.list") == 1
    stepping_clock.advance(hours=25)
    reader.run()
    assert _own(reader) == {ALICE, "cs@rapport.example"}


@pytest.mark.peer_case(24)
def test_with_envelopes_only_the_addresses_are_learned_from_sent_mail(
    reader_with: Callable[[tuple[str, ...]], Reader],
) -> None:
    """Case 24: where Google does not let us ask, what stands under SENT tells."""
    reader = reader_with(ENVELOPE_SCOPES)
    reader.start()
    reader.run()
    assert reader.calls("settings.sendAs.list") == 0
    with reader.runtime.db.transaction() as session:
        assert aliases.learn(session, reader.mailbox_id, "cs@rapport.example")
        assert not aliases.learn(session, reader.mailbox_id, "cs@rapport.example")
        assert not aliases.learn(session, reader.mailbox_id, ALICE)
    assert _own(reader) == {ALICE, "cs@rapport.example"}


@pytest.mark.peer_case(15)
def test_a_list_of_addresses_that_fails_stops_nothing(reader: Reader) -> None:
    """Case 15: what concerns one thing does not stop the others."""
    ids = reader.put(a_mail())
    reader.start()
    reader.sandbox.add_fault("settings.sendAs.list", "expired-history")  # a 404
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")


def _own(reader: Reader) -> frozenset[str]:
    with reader.runtime.db.reading() as session:
        return aliases.of_mailbox(session, reader.mailbox_id)
