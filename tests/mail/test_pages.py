"""One mail on its timeline over HTTP: its text, why it is there, and a click each to put it right."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest

from server.auth import people
from server.mail.models import LinkState, NeverPair
from server.messages.read import read_mail
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import PRIYA, Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def alice(runtime: Runtime, desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


@pytest.fixture
def message(desk: Desk) -> uuid.UUID:
    """Priya to Alice; the text is for Alice alone."""
    quoted = "\n\nOn Mon, 23 Nov 2026 at 09:00, Alice Moreau <alice@rapport.example> wrote:\n> Does it suit?\n"
    return desk.receive(desk.letter(text="Tuesday suits us." + quoted))


def entry_of(desk: Desk, message: uuid.UUID, account: uuid.UUID | None = None) -> uuid.UUID:
    return desk.entry(message, account or desk.book.account).id


@ON_SQLITE
def test_the_text_is_shown_with_its_quoted_part_folded(
    desk: Desk, alice: SignedInClient, message: uuid.UUID, sign_in: SignIn
) -> None:
    path = f"/mail/{entry_of(desk, message)}/body"
    part = alice.get(path, headers=PARTIAL).text
    assert "<html" not in part
    shown, _, quoted = part.partition("Show quoted text")
    assert "Tuesday suits us." in shown
    assert "Does it suit?" in quoted
    assert "Does it suit?" not in shown
    assert "<html" in alice.get(path).text
    bob = sign_in(desk.book.bob)
    refused = bob.get(path)
    assert refused.status_code == 403
    assert "Only Alice Moreau can read the text" in refused.text
    assert "Tuesday" not in refused.text
    assert bob.get(path, headers=PARTIAL).status_code == 422


@ON_SQLITE
def test_html_comes_in_a_frame_that_runs_and_loads_nothing(
    desk: Desk, alice: SignedInClient, sign_in: SignIn, runtime: Runtime
) -> None:
    raw = (
        f"From: {PRIYA}\r\nTo: {ALICE}\r\nSubject: Bill\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        "Message-ID: <h@helios.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        '<p onclick="x()">Hello<script>alert(1)</script><img src="https://spy.example/p.gif"></p>'
    )
    entry = entry_of(desk, desk.receive(read_mail(raw.encode())))
    assert f"/mail/{entry}/html" in alice.get(f"/mail/{entry}/body").text
    frame = alice.get(f"/mail/{entry}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "img-src data:;" in policy
    assert "Hello" in frame.text
    assert "script" not in frame.text
    assert "onclick" not in frame.text
    assert sign_in(desk.book.bob).get(f"/mail/{entry}/html").status_code == 404


@ON_SQLITE
def test_attachments_are_names_and_sizes(desk: Desk, alice: SignedInClient) -> None:
    raw = (
        f"From: {PRIYA}\r\nTo: {ALICE}\r\nSubject: Numbers\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        "Message-ID: <a@helios.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--b\r\nContent-Type: text/csv\r\n"
        'Content-Disposition: attachment; filename="forecast.csv"\r\n\r\n' + "1,2\r\n" * 600 + "--b--\r\n"
    )
    page = alice.get(f"/mail/{entry_of(desk, desk.receive(read_mail(raw.encode())))}/body").text
    assert "forecast.csv" in page
    assert "3 KB" in page
    assert "Rapport keeps no attachments; open the mail in Gmail" in page


@ON_SQLITE
def test_why_a_mail_is_here_is_told_with_its_rule_and_holders(
    desk: Desk, alice: SignedInClient, message: uuid.UUID, sign_in: SignIn
) -> None:
    account_page = alice.get(f"/accounts/{desk.book.account}").text
    assert "Here by priya@helios.example" in account_page
    path = f"/mail/{entry_of(desk, message)}/why"
    card = alice.get(path, headers=PARTIAL).text
    assert "Priya Nair’s address priya@helios.example is that of a contact of Helios Energy." in card
    assert "Alice Moreau, by Gmail" in card
    assert "Never link priya@helios.example with Helios Energy" in card
    assert "What colleagues see of this mail" in card
    # Bob neither holds it nor is the TAM: he is told whom to ask. Charlie is a viewer. Dana is an admin.
    bob = sign_in(desk.book.bob).get(path, headers=PARTIAL).text
    assert "Ask Alice Moreau, the TAM of Helios Energy." in bob
    assert "Move to another account" not in bob
    assert "What colleagues see" not in bob
    assert "moving mail is for TAMs, managers and admins" in sign_in(desk.book.charlie).get(path, headers=PARTIAL).text
    dana = sign_in(desk.book.dana).get(path, headers=PARTIAL).text
    assert "Move to another account" in dana
    assert "What colleagues see" not in dana


@ON_SQLITE
@pytest.mark.peer_case(45)
def test_why_does_not_tell_a_colleague_whom_a_mail_went_to_in_bcc(
    desk: Desk, alice: SignedInClient, sign_in: SignIn
) -> None:
    """Case 45: the address that links a mail may be one in Bcc; only its sender reads it."""
    mail = desk.letter(sender=f"Alice <{ALICE}>", to="nora@quist.example", bcc=PRIYA, text="For your eyes.")
    entry = entry_of(desk, desk.receive(mail, labels=["SENT"]))
    for path in (f"/mail/{entry}/why", f"/accounts/{desk.book.account}"):
        assert "priya@helios.example" in re.sub(r"<aside.*?</aside>", "", alice.get(path).text, flags=re.S)
        seen = re.sub(r"<aside.*?</aside>", "", sign_in(desk.book.dana).get(path).text, flags=re.S)
        assert "an address in Bcc" in seen
        assert "priya@helios.example" not in seen


@ON_SQLITE
def test_a_mail_is_moved_and_the_move_undone(desk: Desk, alice: SignedInClient, message: uuid.UUID) -> None:
    other = desk.account("Borealis")
    choices = alice.get("/mail/accounts?q=bor").text
    assert f'value="{other}"' in choices
    answer = alice.post(
        f"/mail/{entry_of(desk, message)}/move", data={"to_account_id": str(other), "scope": "mail"}, headers=PARTIAL
    )
    assert answer.status_code == 200
    assert "This mail stands on the timeline of Borealis now." in answer.text
    assert desk.accounts_of(message) == {other}
    undo = dict(re.findall(r'name="(\w+)" value="([^"]+)"', answer.text))
    assert alice.post("/mail/undo", data=undo, headers=PARTIAL).status_code == 200
    assert desk.accounts_of(message) == {desk.book.account}


@ON_SQLITE
def test_a_whole_conversation_is_moved(desk: Desk, alice: SignedInClient) -> None:
    other = desk.account("Borealis")
    ids = [desk.receive(desk.letter(subject=f"{n}"), thread="18f0000000000aaa") for n in range(3)]
    entry = entry_of(desk, ids[2])
    assert "all 3 of the conversation" in alice.get(f"/mail/{entry}/why").text
    answer = alice.post(f"/mail/{entry}/move", data={"to_account_id": str(other), "scope": "thread"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/accounts/{desk.book.account}"
    assert [desk.accounts_of(message) for message in ids] == [{other}] * 3


@ON_SQLITE
def test_a_mail_is_taken_off(desk: Desk, alice: SignedInClient, message: uuid.UUID) -> None:
    other = desk.account("Borealis")
    desk.link_to(message, other)
    entry = entry_of(desk, message, other)
    answer = alice.post(f"/mail/{entry}/unlink", data={"scope": "mail"}, headers=PARTIAL)
    assert "off the timeline of Borealis" in answer.text
    assert desk.accounts_of(message) == {desk.book.account}
    undo = dict(re.findall(r'name="(\w+)" value="([^"]+)"', answer.text))
    assert "Back on the timeline" in alice.post("/mail/undo", data=undo, headers=PARTIAL).text
    assert desk.accounts_of(message) == {desk.book.account, other}
    again = alice.post(f"/mail/{entry}/unlink", headers=PARTIAL)
    assert again.status_code == 422
    assert "There is no such entry" in again.text


@ON_SQLITE
def test_an_address_is_never_linked_again(
    desk: Desk, alice: SignedInClient, message: uuid.UUID, runtime: Runtime
) -> None:
    path = f"/mail/{entry_of(desk, message)}/never"
    assert alice.post(path, data={"address": "somebody@else.example"}, headers=PARTIAL).status_code == 422
    assert alice.post(path, data={"address": "priya@helios.example"}).status_code == 303
    assert desk.accounts_of(message) == set()
    page = alice.get("/mail/rules").text
    assert "priya@helios.example" in page
    undo = re.search(r'action="(/mail/rules/pairs/[^"]+)"', page)
    assert undo is not None
    alice.post(undo[1])
    assert desk.accounts_of(message) == {desk.book.account}
    with runtime.db.reading() as session:
        assert session.query(NeverPair).count() == 0


@ON_SQLITE
def test_only_holders_say_who_reads_a_mail(
    desk: Desk, alice: SignedInClient, message: uuid.UUID, sign_in: SignIn
) -> None:
    path = f"/mail/{entry_of(desk, message)}/level"
    assert sign_in(desk.book.dana).post(path, data={"level": "metadata"}).status_code == 403
    assert alice.post(path, data={"level": "nonsense"}).status_code == 422
    answer = alice.post(path, data={"level": "metadata"}, headers=PARTIAL)
    assert "Colleagues see of it: people and time only." in answer.text
    assert desk.entry(message, desk.book.account).level == Level.METADATA
    alice.post(path, data={"level": "full"}, headers=PARTIAL)
    assert desk.entry(message, desk.book.account).level == Level.FULL
    alice.post(path, data={"level": "subject"}, headers=PARTIAL)
    assert desk.entry(message, desk.book.account).level == Level.SUBJECT


@ON_SQLITE
def test_nobody_opens_what_another_holder_keeps_closed(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    mail = desk.letter(to=f"{ALICE}, {BOB}", message_id="both@helios.example")
    message = desk.receive(mail)
    desk.receive(mail, whose=BOB)
    entry = entry_of(desk, message)
    sign_in(desk.book.bob).post(f"/mail/{entry}/level", data={"level": "metadata"})
    card = alice.get(f"/mail/{entry}/why").text
    assert 'value="metadata"' in card
    assert 'value="full"' not in card
    refused = alice.post(f"/mail/{entry}/level", data={"level": "full"})
    assert refused.status_code == 422
    assert "Another holder of this mail keeps more of it back." in refused.text


@ON_SQLITE
@pytest.mark.parametrize(
    ("deed", "form"),
    [
        ("move", {"to_account_id": "{account}"}),
        ("unlink", {"scope": "thread"}),
        ("never", {"address": "priya@helios.example"}),
        ("level", {"level": "metadata"}),
    ],
)
def test_strangers_to_a_mail_change_nothing(
    desk: Desk, message: uuid.UUID, sign_in: SignIn, deed: str, form: dict[str, str]
) -> None:
    """Bob is a TAM, but not of this account, and holds no copy. Charlie may only look."""
    other = desk.account("Borealis")
    data = {name: value.format(account=other) for name, value in form.items()}
    path = f"/mail/{entry_of(desk, message)}/{deed}"
    for user_id in (desk.book.bob, desk.book.charlie):
        assert sign_in(user_id).post(path, data=data).status_code == 403
    undo = {"deed": "link", "mail_message_id": str(message), "to_account_id": str(other)}
    assert sign_in(desk.book.bob).post("/mail/undo", data=undo).status_code == 403
    assert desk.accounts_of(message) == {desk.book.account}
    assert desk.link(message, desk.book.account).state == LinkState.LINKED
    assert desk.entry(message, desk.book.account).level == Level.SUBJECT


@ON_SQLITE
def test_rubbish_in_forms_is_refused_in_words(desk: Desk, alice: SignedInClient, message: uuid.UUID) -> None:
    entry = entry_of(desk, message)
    for path, data in (
        (f"/mail/{entry}/move", {}),
        (f"/mail/{entry}/move", {"to_account_id": str(uuid.uuid4())}),
        (f"/mail/{entry}/move", {"to_account_id": str(desk.book.account)}),
        (f"/mail/{uuid.uuid4()}/move", {"to_account_id": str(desk.book.account)}),
        ("/mail/undo", {"to_account_id": "x", "mail_message_id": "y"}),
    ):
        assert alice.post(path, data=data).status_code in (404, 422), path
        assert alice.post(path, data=data, headers=PARTIAL).status_code == 422
    assert desk.accounts_of(message) == {desk.book.account}


@ON_SQLITE
def test_the_tam_of_an_account_may_move_mail_without_reading_it(desk: Desk, runtime: Runtime, sign_in: SignIn) -> None:
    """Alice is the TAM; the mail is Bob's."""
    message = desk.receive(desk.letter(to=BOB, text="For Bob."), whose=BOB, level=Level.METADATA)
    entry, alice = entry_of(desk, message), sign_in(desk.book.alice)
    page = alice.get(f"/accounts/{desk.book.account}").text
    assert "Subject hidden" in page
    assert "Only Bob Lindqvist can see the subject and the text" in page
    other = desk.account("Borealis")
    answer = alice.post(f"/mail/{entry}/move", data={"to_account_id": str(other)})
    assert answer.status_code == 303
    assert desk.accounts_of(message) == {other}
    with runtime.db.reading() as session:
        assert people.by_id(session, desk.book.alice).name == "Alice Moreau"


@ON_SQLITE
@pytest.mark.parametrize(
    ("deed", "form"),
    [
        ("move", {"to_account_id": "{account}", "scope": "thread"}),
        ("unlink", {"scope": "thread"}),
        ("never", {"address": "priya@helios.example"}),
    ],
)
def test_who_holds_one_mail_changes_no_other_of_the_conversation(
    desk: Desk, sign_in: SignIn, deed: str, form: dict[str, str]
) -> None:
    """Bob is not the TAM: he acts on his own mail alone. Dana, an admin, acts on all of it."""
    words = {"message_id": "both@helios.example", "to": f"{ALICE}, {BOB}", "at": desk.now}
    both, own = (
        desk.receive(desk.letter(**words), thread="18f0"),
        desk.receive(desk.letter(text="Alone"), thread="18f0"),
    )
    desk.receive(desk.letter(**words), whose=BOB)
    other = desk.account("Borealis")
    data = {name: value.format(account=other) for name, value in form.items()}
    path = f"/mail/{entry_of(desk, both)}"
    bob = sign_in(desk.book.bob)
    assert "of the conversation" not in bob.get(f"{path}/why").text
    assert bob.post(f"{path}/{deed}", data=data).status_code == 303
    assert desk.accounts_of(both) == ({other} if deed == "move" else set())
    assert desk.accounts_of(own) == {desk.book.account}
    later = desk.receive(desk.letter(sender="tom@helios.example"), thread="18f0")
    assert desk.accounts_of(later) == {desk.book.account}
    dana = sign_in(desk.book.dana)
    assert dana.post(f"/mail/{entry_of(desk, own)}/{deed}", data=data).status_code == 303
    assert desk.accounts_of(own) == ({other} if deed == "move" else set())


def test_a_conversation_is_left_out_with_one_click(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    message = desk.receive(desk.letter(), thread="19aa0b1c2d3e4f50")
    path = f"/mail/{entry_of(desk, message)}/why"
    assert "Leave this conversation out" in alice.get(path, headers=PARTIAL).text
    assert "Leave this conversation out" not in sign_in(desk.book.bob).get(path, headers=PARTIAL).text
    left_out = {"kind": "thread", "value": "19aa0b1c2d3e4f50", "label": "Renewal"}
    assert alice.post("/mail/rules/exclude", data=left_out).status_code == 303
    assert not desk.is_stored(message)
    decision, _ = desk.take(desk.incoming(desk.letter(), thread="19aa0b1c2d3e4f50"))
    assert decision.reason == "excluded_thread"
    assert "Renewal" in alice.get("/mail/rules").text
