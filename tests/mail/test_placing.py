"""The deeds of a mail's card as API: the same rules, what may be undone, and kind words for whoever may not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.mail.models import MailState
from server.mailboxes.models import LedgerState
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import PRIYA, STRANGER, Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk.open(runtime.db)


@pytest.fixture
def alice(desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


@pytest.fixture
def message(desk: Desk) -> uuid.UUID:
    return desk.receive(desk.letter(text="For Alice."))


def do(client: SignedInClient, message: uuid.UUID, deed: str, **args: Any) -> Any:
    told = {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in args.items()}
    return client.post(f"/api/v1/mails/{message}/{deed}", json=told)


def take_back(client: SignedInClient, message: uuid.UUID, undo: dict[str, Any]) -> Any:
    deed = undo.pop("deed")
    return do(client, message, deed, **{name: value for name, value in undo.items() if value is not None})


def test_a_mail_is_moved_and_the_move_taken_back(desk: Desk, alice: SignedInClient, message: uuid.UUID) -> None:
    other = desk.account("Borealis")
    answer = do(alice, message, "move", from_account_id=desk.book.account, to_account_id=other)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert (found["state"], found["words"]) == ("linked", "This mail stands on the timeline of Borealis now.")
    [place] = found["places"]
    assert (place["account_name"], place["can_correct"], place["can_set_level"]) == ("Borealis", True, True)
    assert place["why"] == "Alice Moreau put it on the timeline of Borealis."
    assert place["level_words"] == "Colleagues see the subject, and only you the text."
    assert place["href"].endswith(f"/accounts/{other}#entry-{desk.entry(message, other).id}")
    back = take_back(alice, message, found["undo"])
    assert back.status_code == 200
    assert desk.accounts_of(message) == {desk.book.account}


def test_what_was_taken_off_is_gone_and_comes_back_by_undo(
    desk: Desk, alice: SignedInClient, message: uuid.UUID
) -> None:
    other = desk.account("Borealis")
    desk.link_to(message, other)
    beside = do(alice, message, "unlink", account_id=other).get_json()
    assert [one["account_name"] for one in beside["places"]] == ["Helios Energy"]
    assert take_back(alice, message, beside["undo"]).get_json()["state"] == "linked"
    assert desk.accounts_of(message) == {desk.book.account, other}
    do(alice, message, "unlink", account_id=other)
    gone = do(alice, message, "unlink", account_id=desk.book.account).get_json()
    assert (gone["state"], gone["places"]) == ("removed", [])
    assert do(alice, message, "unlink", account_id=desk.book.account).status_code == 409
    coming = take_back(alice, message, gone["undo"]).get_json()
    assert (coming["state"], coming["undo"]) == ("coming", None)
    assert "read from Gmail again" in coming["words"]
    assert {state for state, _ in desk.ledger().values()} == {LedgerState.TO_READ}


def test_an_address_is_never_linked_with_the_account_again(
    desk: Desk, alice: SignedInClient, message: uuid.UUID
) -> None:
    assert do(alice, message, "never", account_id=desk.book.account, email="x@else.example").status_code == 422
    found = do(alice, message, "never", account_id=desk.book.account, email="priya@helios.example").get_json()
    assert (found["state"], found["places"], found["undo"]) == ("waiting", [], None)
    later = desk.receive(desk.letter())
    assert desk.mail(later).state == MailState.WAITING


@ON_SQLITE
def test_a_holder_says_who_reads_it_and_nobody_else_does(
    desk: Desk, alice: SignedInClient, sign_in: SignIn, message: uuid.UUID
) -> None:
    refused = do(sign_in(desk.book.dana), message, "level", level="metadata")
    assert refused.status_code == 403
    assert "Only those whose own mail this is" in refused.get_json()["detail"]
    [place] = do(alice, message, "level", level="full").get_json()["places"]
    assert (place["level"], place["level_words"]) == ("full", "Colleagues can read it.")
    assert desk.entry(message, desk.book.account).level == Level.FULL
    assert do(alice, message, "level", level="loud").status_code == 422
    gone = do(alice, message, "level", level="nothing").get_json()
    assert (gone["state"], gone["places"]) == ("removed", [])
    assert do(alice, message, "level", level="full").status_code == 409


@ON_SQLITE
def test_nobody_opens_what_another_holder_keeps_closed(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    mail = desk.letter(to=f"{ALICE}, {BOB}", message_id="both@helios.example")
    message = desk.receive(mail)
    desk.receive(mail, whose=BOB)
    [place] = do(sign_in(desk.book.bob), message, "level", level="metadata").get_json()["places"]
    assert place["level_words"] == (
        "Colleagues see who wrote to whom and when, and only you and Alice Moreau the rest."
    )
    refused = do(alice, message, "level", level="full")
    assert refused.status_code == 422
    assert "keeps more of it back" in refused.get_json()["cure"]


def test_waiting_mail_is_placed_with_the_rest_of_its_conversation_by_its_holder_alone(
    desk: Desk, alice: SignedInClient, sign_in: SignIn
) -> None:
    ids = [desk.receive(desk.letter(sender=STRANGER, text=f"{n}"), thread="19aa") for n in range(2)]
    for user_id in (desk.book.bob, desk.book.dana):
        assert do(sign_in(user_id), ids[0], "link", account_id=desk.book.account).status_code == 403
    found = do(alice, ids[0], "link", account_id=desk.book.account, whole_thread=True).get_json()
    assert found["words"] == "The conversation stands on the timeline of Helios Energy now."
    assert found["undo"] is None
    assert [desk.accounts_of(one) for one in ids] == [{desk.book.account}] * 2
    later = desk.receive(desk.letter(sender=STRANGER, text="Later"), thread="19aa")
    assert desk.accounts_of(later) == {desk.book.account}


def test_a_link_of_the_conversation_leaves_what_others_hold(desk: Desk, sign_in: SignIn) -> None:
    """Bob holds one mail of a conversation that waits at Alice's: hers is not his to show."""
    words = {"sender": STRANGER, "message_id": "both@quist.example", "to": f"{ALICE}, {BOB}", "at": desk.now}
    both = desk.receive(desk.letter(**words), thread="18f0")
    own = desk.receive(desk.letter(sender=STRANGER, text="Alone"), thread="18f0")
    desk.receive(desk.letter(**words), whose=BOB)
    answer = do(sign_in(desk.book.bob), both, "link", account_id=desk.book.account, whole_thread=True)
    assert answer.status_code == 200, answer.text
    assert desk.accounts_of(both) == {desk.book.account}
    assert desk.mail(own).state == MailState.WAITING


@ON_SQLITE
def test_the_accounts_tam_moves_a_colleagues_mail_and_takes_it_back(desk: Desk, sign_in: SignIn) -> None:
    """Alice is the TAM of the account that it came from; of the other one nobody is."""
    message = desk.receive(desk.letter(to=BOB), whose=BOB, level=Level.METADATA)
    other, alice = desk.account("Borealis"), sign_in(desk.book.alice)
    found = do(alice, message, "move", from_account_id=desk.book.account, to_account_id=other).get_json()
    [place] = found["places"]
    assert (place["can_correct"], place["can_set_level"], place["levels"]) == (False, False, [])
    assert "Ask an admin" in place["why_not"]
    assert place["level_words"].endswith("only Bob Lindqvist the rest.")
    assert do(alice, message, "unlink", account_id=other).status_code == 403
    assert take_back(alice, message, found["undo"]).status_code == 200
    assert desk.accounts_of(message) == {desk.book.account}


@ON_SQLITE
@pytest.mark.parametrize("deed", ["move", "unlink", "never", "link", "level"])
def test_strangers_to_a_mail_change_nothing_and_are_told_kindly(
    desk: Desk, message: uuid.UUID, sign_in: SignIn, deed: str
) -> None:
    account = str(desk.book.account)
    args: dict[str, Any] = {
        "move": {"from_account_id": account, "to_account_id": str(desk.account("Borealis"))},
        "unlink": {"account_id": account},
        "never": {"account_id": account, "email": "priya@helios.example"},
        "link": {"account_id": account},
        "level": {"level": "metadata"},
    }[deed]
    for user_id in (desk.book.bob, desk.book.charlie):
        refused = do(sign_in(user_id), message, deed, **args)
        assert refused.status_code == 403
        assert refused.get_json()["cure"]
    assert desk.accounts_of(message) == {desk.book.account}
    assert desk.entry(message, desk.book.account).level == Level.SUBJECT
    assert do(sign_in(desk.book.dana), uuid.uuid4(), deed, **args).status_code == 404


@ON_SQLITE
def test_an_address_in_bcc_is_not_told_to_others(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    mail = desk.letter(sender=f"Alice <{ALICE}>", to="nora@quist.example", bcc=PRIYA, text="For your eyes.")
    message = desk.receive(mail, labels=["SENT"])
    other = desk.account("Borealis")
    moved = do(sign_in(desk.book.dana), message, "move", from_account_id=desk.book.account, to_account_id=other)
    assert moved.status_code == 200
    assert "priya@helios.example" not in moved.text


@ON_SQLITE
def test_a_deed_leaves_its_line(desk: Desk, alice: SignedInClient, runtime: Runtime, message: uuid.UUID) -> None:
    do(alice, message, "unlink", account_id=desk.book.account)
    with runtime.db.reading() as session:
        [line] = session.scalars(select(AuditEntry).where(AuditEntry.deed == "placing.UnlinkMail"))
    assert line.record == {"mail_id": str(message), "account_id": str(desk.book.account)}
