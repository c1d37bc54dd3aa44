"""The page of a CTA: changing it there, conflicts with both values, comments, mentions, files, links, a new one."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from server.ctas import attachments, queries
from server.ctas.comments import mentions
from server.ctas.models import Cta, CtaAttachment, CtaTask
from server.runtime import Runtime
from server.web import markdown
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient
from tests.ctas import doing
from tests.mail.letters import Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
DAY = timedelta(days=1)


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


def kept(runtime: Runtime, book: Book) -> Cta:
    with runtime.db.reading() as session:
        return queries.cta(session, book.cta)


def form_of(page: str) -> dict[str, str]:
    """The form for changing a CTA, with what stands in it and what was seen."""
    seen = dict(re.findall(r'name="seen_(\w+)" value="([^"]*)"', page.split('id="cta-edit"')[1].split("</form>")[0]))
    return seen | {f"seen_{name}": value for name, value in seen.items()}


@ON_SQLITE
def test_the_due_date_is_moved_with_the_tasks_and_undone_from_the_page(
    runtime: Runtime, book: Book, alice: SignedInClient
) -> None:
    before = kept(runtime, book).due_on
    assert before is not None
    form = form_of(alice.get(f"/ctas/{book.cta}").text)
    form |= {"due_on": (before + 3 * DAY).isoformat(), "dates_too": "all"}
    page = alice.post(f"/ctas/{book.cta}/change", data=form, follow_redirects=True).text
    assert "with 1 open task" in page
    href = page.split('id="undo-now"')[0].rsplit('action="', 1)[1].split('"')[0]
    assert kept(runtime, book).due_on == before + 3 * DAY
    page = alice.post(href, follow_redirects=True).text
    assert "Undone: " in page
    assert kept(runtime, book).due_on == before
    assert 'id="undo-now"' not in page


@ON_SQLITE
def test_two_people_on_one_cta_see_both_values_and_the_second_decides(
    runtime: Runtime, book: Book, alice: SignedInClient, sign_in: SignIn
) -> None:
    form = form_of(alice.get(f"/ctas/{book.cta}").text)
    dana = sign_in(book.dana)
    other = form_of(dana.get(f"/ctas/{book.cta}").text)
    dana.post(f"/ctas/{book.cta}/change", data=other | {"due_on": "2027-03-04"})
    answer = alice.post(f"/ctas/{book.cta}/change", data=form | {"due_on": "2027-03-09", "name": "Kick them off"})
    assert answer.status_code == 409
    for words in ("nothing of yours was written", "Dana Petrov chose", "4 Mar 2027", "9 Mar 2027"):
        assert words in answer.text
    assert str(kept(runtime, book).due_on) == "2027-03-04"
    clash = answer.text.split('id="clash-title"')[1].split('id="keep-mine"')[0]
    mine = dict(re.findall(r'name="(\w+)" value="([^"]*)"', clash))
    assert alice.post(f"/ctas/{book.cta}/change", data=mine).status_code == 303
    now_is = kept(runtime, book)
    assert (str(now_is.due_on), now_is.name) == ("2027-03-09", "Kick them off")


@ON_SQLITE
def test_it_is_closed_snoozed_flagged_and_opened_again_from_the_page(
    runtime: Runtime, book: Book, alice: SignedInClient
) -> None:
    page = alice.get(f"/ctas/{book.cta}").text
    assert "2 required tasks are open and will stay as not done" in page
    assert "Competitive" not in page.split('id="close-status"')[1]
    alice.post(f"/ctas/{book.cta}/flag", data={"is_flagged": "yes"})
    assert kept(runtime, book).is_flagged
    until = (runtime.clock.now() + 5 * DAY).date().isoformat()
    page = alice.post(f"/ctas/{book.cta}/snooze", data={"through": until, "reason": "Away"}, follow_redirects=True).text
    assert "no trigger opens its like" in page
    assert "snoozed through" in alice.get(f"/accounts/{book.account}").text
    alice.post(f"/ctas/{book.cta}/wake")
    assert kept(runtime, book).snoozed_through is None
    assert alice.post(f"/ctas/{book.cta}/close", data={"status": "new"}).status_code == 422
    page = alice.post(f"/ctas/{book.cta}/close", data={"status": "closed_success"}, follow_redirects=True).text
    assert "Reopen" in page
    assert not kept(runtime, book).is_open
    alice.post(f"/ctas/{book.cta}/reopen")
    assert kept(runtime, book).is_open


def test_a_comment_is_markdown_and_tells_whom_it_mentions(
    runtime: Runtime, book: Book, alice: SignedInClient, sign_in: SignIn
) -> None:
    text = "Please **look**, @bob lindqvist and @Alice Moreau <script>alert(1)</script> [x](javascript:alert(1))"
    page = alice.post(f"/ctas/{book.cta}/comments", data={"text": text}, follow_redirects=True).text
    assert "<strong>look</strong>" in page
    assert "&lt;script&gt;" in page
    assert "javascript:" not in page.split('class="rp-prose"')[1].split("</div>")[0].replace("[x](javascript", "")
    with runtime.db.reading() as session:
        assert queries.unseen_mentions(session, book.bob) == 1
        assert queries.unseen_mentions(session, book.alice) == 0
        [mentioned] = mentions(session, book.bob)
    bob = sign_in(book.bob)
    assert '<span>Mentions</span><span class="rp-badge">1<' in bob.get("/accounts").text
    assert "mentioned you in" in bob.get("/mentions").text
    bob.get(f"/ctas/{book.cta}")
    with runtime.db.reading() as session:
        assert queries.unseen_mentions(session, book.bob) == 0
    assert "<span>Mentions</span></a>" in bob.get("/accounts").text
    href = f"/comments/{mentioned.comment.id}"
    assert bob.post(f"{href}/edit", data={"text": "Mine", "seen": text}).status_code == 403
    assert alice.post(f"{href}/edit", data={"text": "Mine", "seen": "Something else"}).status_code == 409
    assert alice.post(f"{href}/edit", data={"text": "Nobody", "seen": mentioned.comment.text}).status_code == 303
    assert "Nobody has mentioned you" in bob.get("/mentions").text
    page = alice.post(f"{href}/remove", follow_redirects=True).text
    assert "This comment was removed." in page
    assert alice.post(f"/ctas/{book.cta}/comments", data={"text": " \n "}).status_code == 422


def test_markdown_loads_nothing_and_leads_only_outside() -> None:
    html = str(markdown.to_html("# Big\n\n![x](https://a.example/p.png) [y](data:text/html,x) [z](https://a.example)"))
    assert "<img" not in html
    assert "data:" not in html.split("[y]")[0]
    assert '<a href="https://a.example" rel="noopener noreferrer nofollow">z</a>' in html
    assert html.startswith("<h4>Big</h4>")


def upload(client: SignedInClient, book: Book, name: str, data: bytes) -> TestResponse:
    """As a browser does it. The test client's own way leaves the file open that it keeps a large body in."""
    body, content_type = encode_multipart_formdata({"file": (name, data, "text/html")})
    return client.post(f"/ctas/{book.cta}/files", data=body, content_type=content_type)


def test_a_file_is_handed_out_as_bytes_to_download_and_never_shown(
    runtime: Runtime, book: Book, alice: SignedInClient, sign_in: SignIn
) -> None:
    html = b"<script>alert(1)</script>" * 120_000
    assert upload(alice, book, "..\\..\\evil\x00: <b>.html", html).status_code == 303
    with runtime.db.reading() as session:
        [row] = attachments.of_cta(session, book.cta)
    assert (row.name, row.size, len(row.sha256)) == ("evil_ _b_.html", len(html), 64)
    charlie = sign_in(book.charlie)
    answer = charlie.get(f"/files/{row.id}")
    assert answer.get_data() == html
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert charlie.post(f"/files/{row.id}/remove").status_code == 403
    assert upload(alice, book, "big.bin", b"x" * (attachments.LARGEST_FILE + 1)).status_code == 422
    assert upload(alice, book, "e.txt", b"").status_code == 422
    assert alice.post(f"/files/{row.id}/remove").status_code == 303
    with runtime.db.reading() as session:
        assert session.get(CtaAttachment, row.id) is None


@ON_SQLITE
def test_a_cta_takes_twenty_files_and_no_more(book: Book, alice: SignedInClient) -> None:
    for number in range(attachments.MOST_FILES):
        given = {"file": (io.BytesIO(b"x"), f"{number}.txt")}
        assert alice.post(f"/ctas/{book.cta}/files", data=given).status_code == 303
    answer = alice.post(f"/ctas/{book.cta}/files", data={"file": (io.BytesIO(b"x"), "21.txt")})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("given", "name"),
    [("a/b/c.pdf", "c.pdf"), ("...", "file"), ("\u202efdp.exe", "fdp.exe"), ("x" * 300 + ".pdf", "x" * 116 + ".pdf")],
)
def test_names_of_files_are_plain(given: str, name: str) -> None:
    assert attachments.clean_name(given) == name


@ON_SQLITE
def test_persons_and_links_are_of_the_account_alone(runtime: Runtime, sign_in: SignIn) -> None:
    desk = Desk.open(runtime.db)
    book, alice = desk.book, sign_in(desk.book.alice)
    mail = desk.receive(desk.letter(sender="Tom <tom@helios.example>", to=ALICE, subject="Numbers", text="Hello"))
    entry_id = desk.entry(mail, book.account).id
    assert alice.post(f"/ctas/{book.cta}/persons", data={"contact_ids": str(book.tom)}).status_code == 303
    assert alice.post(f"/ctas/{book.cta}/persons", data={"contact_ids": str(uuid.uuid4())}).status_code == 422
    assert alice.post(f"/ctas/{book.cta}/links", data={"entry_id": str(entry_id)}).status_code == 303
    page = alice.get(f"/ctas/{book.cta}").text.split('id="links"')[1].split("</section>")[0]
    assert "Numbers" in page
    assert alice.post(f"/ctas/{book.cta}/links", data={"entry_id": str(uuid.uuid4())}).status_code == 404
    alice.post(f"/ctas/{book.cta}/links/{entry_id}/remove")
    page = alice.get(f"/ctas/{book.cta}").text.split('id="links"')[1].split("</section>")[0]
    assert "No links" in page
    assert sign_in(book.bob).post(f"/ctas/{book.cta}/links", data={"entry_id": str(entry_id)}).status_code == 403


@ON_SQLITE
def test_a_new_cta_offers_what_is_open_for_the_same_instead_of_a_double(
    runtime: Runtime, book: Book, alice: SignedInClient
) -> None:
    assert 'value="Onboard' not in alice.get(f"/ctas/new?account={book.account}").text
    form = {"account": str(book.account), "name": "Another", "cta_type": "lifecycle", "priority": "high"}
    form |= {"owner_id": str(book.alice), "contact_ids": str(book.priya)}
    answer = alice.post("/ctas/new", data=form)
    assert answer.status_code == 409
    assert "“Onboard Helios Energy” is open for the same type and reason." in answer.text
    assert alice.post("/ctas/new", data=form | {"another": "yes", "name": "Onboard Helios Energy"}).status_code == 409
    opened = alice.post("/ctas/new", data=form | {"another": "yes"})
    assert opened.status_code == 303
    page = alice.get(opened.location).text
    assert "Priya Nair" in page.split('id="persons"')[1].split("</section>")[0]
    assert "Opened by hand" in page
    assert alice.post("/ctas/new", data=form | {"cta_type": "nothing"}).status_code == 422
    assert alice.get("/ctas/new?account=x").status_code == 422


@ON_SQLITE
def test_a_call_is_done_and_its_log_is_begun(runtime: Runtime, book: Book, alice: SignedInClient) -> None:
    with runtime.db.transaction() as session:
        session.get_one(CtaTask, book.to_do).kind = "call"
        session.get_one(CtaTask, book.to_do).key = "call"
        doing.tasks(session, book.cta)[0].needs = "call"
    page = alice.get(f"/ctas/{book.cta}").text
    assert "after: Hold the internal handoff" in page
    answer = alice.post(f"/tasks/{book.to_do}/done-and-log", follow_redirects=True)
    assert '<option value="customer_call" selected>' in answer.text
    assert 'value="Hold the internal handoff"' in answer.text
    assert '<details class="rp-log" open>' in answer.text
    with runtime.db.reading() as session:
        assert session.get_one(CtaTask, book.to_do).done_at is not None
