"""The pages of playbooks: the list, one with its versions, the editor with its conflicts, lists and days."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from server.playbooks import queries
from server.playbooks.models import ChoiceList, CompanyDay, CtaChoice
from server.playbooks.publish import publish
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]

SOURCE = """\
# for those who come back
playbook: welcome-back
name: Welcome back
type: lifecycle
reason: other
due: {days: 10}
steps:
  - key: call
    title: Call them  # soon
    task: call
    due: {business_days: 3}
  - key: write
    title: Write
    task: email
    template: onboarding-welcome
    needs: [call]
    if_silent: {after_business_days: 1}
"""


@pytest.fixture(autouse=True)
def version(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        publish(session, SOURCE, by_id=book.dana, now=runtime.clock.now(), note="The first")


@pytest.fixture
def dana(sign_in: SignIn, book: Book) -> SignedInClient:
    return sign_in(book.dana)


def _hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return unescape(found[1])


def _yaml(html: str) -> str:
    found = re.search(r'<textarea[^>]* name="source"[^>]*>\n(.*?)</textarea>', html, re.S)
    assert found
    return unescape(found[1])


def _form(html: str) -> dict[str, str | list[str]]:
    """What a browser would send of the editor's fields."""
    html = html[html.index('<form id="editor"') :]
    html = html[: html.index("</form>")]
    sent: dict[str, str | list[str]] = {"source": _yaml(html)}
    for tag in re.findall(r"<input [^>]*>", html):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = unescape(value[1]) if value else ""
    for name, inner in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner) or re.search(r'<option value="([^"]*)"', inner)
        sent[name] = unescape(chosen[1]) if chosen else ""
    for name, inner in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', html, re.S):
        sent[name] = unescape(inner)
    return sent


def _draft(runtime: Runtime) -> str | None:
    with runtime.db.reading() as session:
        draft = queries.draft_of(session, queries.by_slug(session, "welcome-back"))
        return draft.source if draft else None


def test_everybody_reads_playbooks_and_admins_alone_change_them(
    sign_in: SignIn, book: Book, dana: SignedInClient
) -> None:
    alice = sign_in(book.alice)
    listed = alice.get("/playbooks").text
    assert "Welcome back" in listed
    assert "New playbook" not in listed
    html = alice.get("/playbooks/welcome-back").text
    assert "3 business days after opening" in html
    assert "waits 1 business day for an answer" in html
    assert "After: Call them" in html
    assert 'href="/templates/onboarding-welcome"' in html
    assert alice.get("/playbooks/welcome-back/edit").status_code == 403
    assert alice.post("/settings/lists", data={"list": "type", "label": "X"}).status_code == 403
    assert "New playbook" in dana.get("/playbooks").text


def test_a_form_that_is_saved_unchanged_keeps_every_letter(dana: SignedInClient, runtime: Runtime) -> None:
    form = _form(dana.get("/playbooks/welcome-back/edit").text)
    assert dana.post("/playbooks/welcome-back/edit", data={**form, "act": "save"}).status_code == 303
    assert _draft(runtime) == SOURCE


def test_the_form_moves_adds_and_removes_steps_before_anything_is_saved(dana: SignedInClient, runtime: Runtime) -> None:
    url = "/playbooks/welcome-back/edit"
    form = _form(dana.get(url).text)
    moved = dana.post(url, data={**form, "act": "down:0", "s0_title": "Ring them"}).text
    assert "Not saved" in moved
    added = dana.post(url, data={**_form(moved), "act": "add"}).text
    shown = _form(added)
    assert (shown["s0_key"], shown["s1_title"], shown["s2_key"]) == ("write", "Ring them", "step-3")
    removed = dana.post(url, data={**shown, "act": "remove:2"}).text
    assert _draft(runtime) is None
    dana.post(url, data={**_form(removed), "act": "save"})
    saved = _draft(runtime) or ""
    assert saved.startswith("# for those who come back\n")
    assert "    title: Ring them  # soon\n" in saved
    assert saved.index("key: write") < saved.index("key: call")


def test_the_yaml_shows_an_error_at_its_line_and_is_not_published(dana: SignedInClient, runtime: Runtime) -> None:
    url = "/playbooks/welcome-back/edit"
    page = dana.get(f"{url}?view=yaml").text
    sent = {"view": "yaml", "seen": _hidden(page, "seen"), "source": _yaml(page).replace("task: email", "task: mail")}
    answer = dana.post(url, data={**sent, "act": "publish", "note": "Now"})
    assert answer.status_code == 422
    assert "Line 14, column 11" in answer.text
    assert "Did you mean email?" in answer.text
    again = {"view": "yaml", "seen": _hidden(answer.text, "seen"), "source": SOURCE.replace("days: 10", "days: 20")}
    published = dana.post(url, data={**again, "act": "publish", "note": "Longer"}, follow_redirects=True)
    assert "Version 2 is live." in published.text
    assert "Longer" in published.text
    changes = dana.get("/playbooks/welcome-back/compare").text
    assert "due: {days: 20}" in changes
    assert "due: {days: 10}" in changes
    assert "This is an earlier version" in dana.get("/playbooks/welcome-back/versions/1").text
    assert _draft(runtime) is None


def test_text_that_is_no_yaml_is_kept_and_shown_as_text(dana: SignedInClient, runtime: Runtime) -> None:
    url = "/playbooks/welcome-back/edit"
    seen = _hidden(dana.get(url).text, "seen")
    assert dana.post(url, data={"view": "yaml", "seen": seen, "source": "a: [", "act": "save"}).status_code == 303
    assert _draft(runtime) == "a: [\n"
    html = dana.get(url).text
    assert "This is no YAML" in html
    assert "Mend the YAML first" in html
    assert dana.post(url, data={"view": "yaml", "seen": seen, "source": "a\x00", "act": "save"}).status_code == 422


def test_the_save_of_a_second_person_is_told_and_theirs_is_not_lost(
    dana: SignedInClient, sign_in: SignIn, book: Book, runtime: Runtime
) -> None:
    url = "/playbooks/welcome-back/edit"
    first, second = _form(dana.get(url).text), _form(dana.get(url).text)
    dana.post(url, data={**first, "act": "save", "name": "From the first"})
    answer = dana.post(url, data={**second, "act": "save", "name": "From the second"})
    assert answer.status_code == 409
    assert "Somebody else saved this playbook" in answer.text
    assert "Dana Petrov" in answer.text
    assert "From the first" in answer.text
    assert "name: From the first" in (_draft(runtime) or "")
    mine = _form(answer.text)
    assert mine["name"] == "From the second"
    assert dana.post(url, data={**mine, "act": "save"}).status_code == 409
    assert dana.post(url, data={**mine, "act": "over"}).status_code == 303
    assert "name: From the second" in (_draft(runtime) or "")


def test_a_version_that_went_live_meanwhile_is_not_published_over(
    dana: SignedInClient, runtime: Runtime, book: Book
) -> None:
    url = "/playbooks/welcome-back/edit"
    dana.post(url, data={**_form(dana.get(url).text), "act": "save", "name": "Mine"})
    with runtime.db.transaction() as session:
        publish(session, SOURCE.replace("Welcome back", "Theirs"), by_id=None, now=runtime.clock.now())
    answer = dana.post(url, data={**_form(dana.get(url).text), "act": "publish"})
    assert answer.status_code == 409
    assert "version 2 was published" in answer.text
    again = dana.post(url, data={**_form(answer.text), "theirs": _hidden(answer.text, "seen"), "act": "over"})
    assert again.status_code == 303
    assert dana.post(url, data={**_form(dana.get(url).text), "act": "publish"}).status_code == 303
    with runtime.db.reading() as session:
        assert queries.live(session, "welcome-back").definition.name == "Mine"


def test_a_draft_is_rehearsed_as_it_is_saved_and_its_problems_come_first(
    dana: SignedInClient, runtime: Runtime
) -> None:
    url = "/playbooks/welcome-back/edit"
    form = _form(dana.get(url).text)
    wrong = dana.post(url, data={**form, "act": "rehearse", "s0_due_amount": "soon"})
    assert wrong.status_code == 422
    assert "Line 11, column" in wrong.text
    assert "The draft has problems" in dana.get("/playbooks/welcome-back/rehearse").text
    assert dana.get("/playbooks/welcome-back/rehearse").status_code == 422
    answer = dana.post(url, data={**_form(wrong.text), "act": "rehearse", "s0_due_amount": "8"})
    assert (answer.status_code, answer.location) == (303, "/playbooks/welcome-back/rehearse")
    assert "business_days: 8" in (_draft(runtime) or "")
    page = dana.get(answer.location).text
    assert "The draft, beside the live version." in page
    assert f'href="{url}"' in page


def test_admins_find_the_rehearsal_and_the_open_ctas_of_older_versions(
    sign_in: SignIn, book: Book, dana: SignedInClient, runtime: Runtime
) -> None:
    url, rehearsal, open_ctas = (f"/playbooks/welcome-back{end}" for end in ("", "/rehearse", "/open-ctas"))
    first = dana.get(url).text
    assert f'href="{rehearsal}"' in first
    assert open_ctas not in first
    assert "There is no draft: this is the live version." in dana.get(rehearsal).text
    with runtime.db.transaction() as session:
        publish(session, SOURCE.replace("days: 10", "days: 20"), by_id=book.dana, now=runtime.clock.now())
    assert f'href="{open_ctas}"' in dana.get(url).text
    assert dana.get(f"{url}/versions/1").text.count(f'href="{open_ctas}"') == 2
    theirs = sign_in(book.alice).get(url).text
    assert rehearsal not in theirs
    assert open_ctas not in theirs
    dana.post(f"{url}/archive")
    archived = dana.get(url).text
    assert rehearsal not in archived
    assert open_ctas not in archived


def test_a_new_playbook_begins_empty_or_as_a_copy(dana: SignedInClient, runtime: Runtime) -> None:
    def made(**data: str) -> int:
        return dana.post("/playbooks/new", data=data).status_code

    assert made(of="welcome-back", slug="come-again", name="Come again") == 303
    assert made(of="", slug="fresh", name="Fresh") == 303
    assert made(of="", slug="Not a slug", name="Fresh") == 422
    assert made(of="", slug="welcome-back", name="Taken") == 422
    html = dana.get("/playbooks/come-again/edit?view=yaml").text
    assert "# for those who come back\nplaybook: come-again\nname: Come again\n" in _yaml(html)
    seen = _hidden(html, "seen")
    assert dana.post("/playbooks/come-again/discard", data={"seen": seen}).status_code == 303
    assert dana.get("/playbooks/come-again").status_code == 404


def test_what_is_archived_is_offered_no_more(dana: SignedInClient) -> None:
    dana.post("/playbooks/welcome-back/archive")
    assert "Welcome back" not in dana.get("/playbooks").text
    assert "Welcome back" in dana.get("/playbooks?show=archived").text
    dana.post("/playbooks/welcome-back/unarchive")
    assert "Welcome back" in dana.get("/playbooks").text


@pytest.mark.parametrize("query", ["left=a", "left=99", "right=draft", "left=9999999999999", "left=%00", "left=-1"])
def test_an_odd_comparison_is_no_crash(dana: SignedInClient, query: str) -> None:
    assert dana.get(f"/playbooks/welcome-back/compare?{query}").status_code in (404, 422)


def _choice(runtime: Runtime, name: ChoiceList, key: str) -> CtaChoice:
    with runtime.db.reading() as session:
        return session.scalars(select(CtaChoice).where(CtaChoice.list_name == name, CtaChoice.key == key)).one()


def test_lists_are_added_to_renamed_ordered_and_retired(dana: SignedInClient, runtime: Runtime) -> None:
    added = dana.post("/settings/lists", data={"list": "reason", "label": "Merger & Co", "only_types": ["risk"]})
    assert added.status_code == 303
    row = _choice(runtime, ChoiceList.REASON, "merger_co")
    assert row.only_types == "risk"
    url = f"/settings/lists/{row.id}"
    assert dana.post(url, data={"row_version": "1", "label": "Takeover"}).status_code == 303
    stale = dana.post(url, data={"row_version": "1", "label": "Other"})
    assert stale.status_code == 409
    assert "Somebody changed Takeover" in stale.text
    before = _choice(runtime, ChoiceList.REASON, "merger_co").position
    dana.post(url, data={"act": "up"})
    assert _choice(runtime, ChoiceList.REASON, "merger_co").position == before - 1
    dana.post(url, data={"act": "retire", "row_version": "2"})
    assert _choice(runtime, ChoiceList.REASON, "merger_co").retired_at is not None
    assert "Takeover" in dana.get("/settings/lists").text
    dana.post(url, data={"act": "take_back", "row_version": "3"})
    assert _choice(runtime, ChoiceList.REASON, "merger_co").retired_at is None
    assert dana.post("/settings/lists", data={"list": "reason", "label": "merger co"}).status_code == 422


def test_the_statuses_that_rapport_gives_stay_what_they_are(dana: SignedInClient, runtime: Runtime) -> None:
    for key in ("new", "work_in_progress", "closed_success"):
        row = _choice(runtime, ChoiceList.STATUS, key)
        url = f"/settings/lists/{row.id}"
        assert dana.post(url, data={"act": "retire", "row_version": "1"}).status_code == 422
        turned = {} if row.is_closed else {"is_closed": "1"}
        assert dana.post(url, data={"row_version": "1", "label": row.label, **turned}).status_code == 422
        assert _choice(runtime, ChoiceList.STATUS, key).is_closed == row.is_closed


def test_company_days_are_said_once_for_a_country_that_is_known(dana: SignedInClient, runtime: Runtime) -> None:
    day = {"day_on": "2026-12-24", "name": "Company holiday", "country": "de-by", "kind": "free"}
    assert dana.post("/settings/company-days", data=day).status_code == 303
    assert dana.post("/settings/company-days", data=day).status_code == 422
    assert dana.post("/settings/company-days", data={**day, "country": "XX"}).status_code == 422
    assert dana.post("/settings/company-days", data={**day, "day_on": "soon"}).status_code == 422
    with runtime.db.reading() as session:
        (found,) = session.scalars(select(CompanyDay))
    assert (found.country, found.is_workday) == ("DE-BY", False)
    assert "DE-BY" in dana.get("/settings/company-days").text
    assert dana.post(f"/settings/company-days/{found.id}/remove").status_code == 303


def test_people_say_where_they_are(sign_in: SignIn, book: Book) -> None:
    alice = sign_in(book.alice)
    good = {"time_zone": "Asia/Tokyo", "country": "jp"}
    assert alice.post("/settings/you", data=good).status_code == 303
    html = alice.get("/settings/you").text
    assert 'value="Asia/Tokyo" list' in html
    assert 'value="JP"' in html
    wrong = alice.post("/settings/you", data={"time_zone": "Mars/Base", "country": "DE-XX"})
    assert wrong.status_code == 422
    assert "is not a time zone" in wrong.text
    assert alice.post("/settings/you", data={**good, "country": ""}).status_code == 303


def test_the_app_knows_every_page(app: Flask) -> None:
    rules = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {"playbooks.library", "playbook_editor.change", "cta_lists.lists", "you.you"} <= rules
