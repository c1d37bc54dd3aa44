"""What is new in an answer and what it quotes, in the mail programs and languages of customers."""

from __future__ import annotations

import pytest

from server.messages.read import read_mail
from tests.messages.expected import EXPECTED
from tests.messages.shapes import html_mail, mail, raw

# Each with the first words of what is folded away; the exact new text of each stands in `expected.py`.
FOLDED = {
    "gmail_reply_both_parts": "On Mon, Nov 2, 2026 at 4:05\u202fPM Alice Adams",
    "gmail_reply_html_only": "On Mon, Nov 2, 2026 at 4:05 PM Alice Adams",
    "gmail_german_text": "Am Mo., 2. Nov. 2026 um 16:05 Uhr schrieb",
    "gmail_french_wrapped_text": "Le lun. 2 nov. 2026 à 16:05, Alice Adams de la maison",
    "gmail_spanish_text": "El lun, 2 nov 2026 a las 16:05",
    "gmail_signature_below_quote": "On Mon, Nov 2, 2026 at 4:05 PM",
    "outlook_web_reply": "________________________________\nFrom: Alice",
    "outlook_desktop_html_only": "From: Alice Adams",
    "outlook_german_text": "Von: Alice Adams",
    "outlook_old_original_message": "-----Message d'origine-----",
    "apple_mail_reply": "> On 2 Nov 2026, at 16:05",
    "iphone_reply": "> On 2 Nov 2026, at 16:05",
    "yahoo_reply_html": "On Monday, November 2, 2026 at 04:05:00 PM GMT+1",
    "yahoo_reply_text_unmarked": "On Monday, November 2, 2026 at 04:05:00 PM GMT+1",
    "proton_reply": "On Monday, November 2nd, 2026 at 16:05",
    "thunderbird_reply_html": "Am 02.11.26 um 16:05 schrieb Alice Adams:",
    "thunderbird_flowed_text": "On 11/2/26 16:05, Alice Adams wrote:",
    "gmx_reply_german_html": "Gesendet: Montag, 02. November 2026",
    "charset_gb18030": "Alice Adams <alice@rapport.example> 于2026年11月2日",
    "dutch_italian_portuguese_chain": "Il giorno lun 2 nov 2026",
    "mailing_list_footer": "On 11/2/26 16:05, Alice Adams wrote:",
    "long_thread_nested": "On Mon, Nov 2, 2026 at 4:05 PM Nr 0",
}
WHOLE = sorted(set(EXPECTED) - set(FOLDED))


@pytest.mark.parametrize("name", sorted(FOLDED))
def test_the_quoted_part_is_folded_from_its_first_line_on(name: str) -> None:
    read = read_mail(raw(name))
    assert read.new_text == EXPECTED[name][2]
    assert read.quoted_text.lstrip().startswith(FOLDED[name])


@pytest.mark.parametrize("name", WHOLE)
def test_whatever_quotes_nothing_or_leaves_doubt_is_shown_whole(name: str) -> None:
    assert read_mail(raw(name)).quoted_text == ""


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Thanks!\nOn 3 Nov 2026 at 10:15, Al <al@x.example> wrote:\n> a", "Thanks!"),
        ("Yes.\n\nAl wrote:\n\n> a\n> b", "Yes."),
        ("Yes.\n\n> a\n> b\n", "Yes."),
        ("Yes, as\nyou wrote:\n> a\n> b", "Yes, as\nyou wrote:"),
        ("> a\n> b\n\nYes.", "> a\n> b\n\nYes."),
        ("> a", "> a"),
        ("Yes.\n\n> a\n\nNo.\n\n> b", "Yes.\n\n> a\n\nNo.\n\n> b"),
        (
            "On 3 Nov 2026 at 10:15, Al <al@x.example> wrote:\n> a",
            "On 3 Nov 2026 at 10:15, Al <al@x.example> wrote:\n> a",
        ),
        ("Fine.\n\n-----Original Message-----\nFrom: Al\n\nold", "Fine."),
        ("Fine.\n\nFrom: al@x.example\nTo: b@x.example", "Fine.\n\nFrom: al@x.example\nTo: b@x.example"),
        (
            "Steps:\n\n1. Start at 10:15:\n2. Write to a@x.example:\nDone",
            "Steps:\n\n1. Start at 10:15:\n2. Write to a@x.example:\nDone",
        ),
        ("Fine.\n\nFra: Al <al@x.example>\nSendt: 2. november 2026 16:05\nTil: B\nEmne: X\n\nold", "Fine."),
        ("好的。\n\n发件人: Al <al@x.example>\n发送时间: 2026年11月2日 16:05\n收件人: B\n主题: X\n\nold", "好的。"),
        ("Ок.\n\nпн, 2 нояб. 2026 г. в 16:05, Al <al@x.example>:\n\n> old", "Ок."),
        ("はい。\n\n2026年11月2日(月) 16:05 Al <al@x.example>:\n\n> old", "はい。"),
    ],
)
def test_plain_text(text: str, new: str) -> None:
    read = read_mail(mail(text, content_type="text/plain; charset=utf-8"))
    assert read.new_text == new
    assert read.new_text + read.quoted_text == text.rstrip()


@pytest.mark.parametrize(
    "text",
    [
        "Steps:\n\n1. Start at 10:15:\n2. Write to a@x.example:\nDone",
        "On 3 Nov 2026 at 10:15 our auditor (x@x.example) said:\nrenew",
        "The log:\n\nFrom: here\nto: there",
        "a\n--\nb",
        ">",
        ">>> import this\nworks for me",
    ],
)
def test_prose_is_never_folded(text: str) -> None:
    assert read_mail(mail(text)).quoted_text == ""


@pytest.mark.parametrize(
    ("html", "new"),
    [
        ("Yes<blockquote type='cite'>old</blockquote>", "Yes"),
        ("<p>Yes</p><p>Al wrote:</p><blockquote type=cite>old</blockquote>", "Yes"),
        ("<blockquote type=cite>old</blockquote>Yes", "> old\n\nYes"),
        ("Yes<blockquote type=cite>old</blockquote>No<blockquote type=cite>older</blockquote>", None),
        ("Yes<blockquote style='margin-left:40px'>indented</blockquote>", None),
        ("Yes<div class='yahoo_quoted'></div>", "Yes"),
        ("Yes<div id='mail-editor-reference-message-container'><b>From:</b> a<br>old</div>", "Yes"),
        ("Yes<div class='gmail_quote'><blockquote class='gmail_quote'>old</blockquote><br>-- <br>Al</div>", "Yes"),
    ],
)
def test_html(html: str, new: str | None) -> None:
    read = read_mail(html_mail(html))
    assert read.new_text == (read.text if new is None else new)
    assert read.new_text + read.quoted_text == read.text


def test_the_html_finds_the_place_in_the_text_part_too() -> None:
    """The text part alone would leave doubt: its quote is not marked, its lines are wrapped elsewhere."""
    parts = (
        "--b\n\nYes, *on Friday*.\nSee <https://x.example>.\n\nAl Adams schrieb:\nWann passt es euch am besten?\n"
        "Gruss\n--b\nContent-Type: text/html\n\nYes, <b>on Friday</b>. See <a href='https://x.example'>https://x.example</a>."
        "<div class=yahoo_quoted>Al Adams schrieb:<br>Wann passt es euch am besten?<br>Gruss</div>\n--b--\n"
    )
    read = read_mail(mail(parts, content_type="multipart/alternative; boundary=b"))
    assert read.new_text == "Yes, *on Friday*.\nSee <https://x.example>."


def test_a_place_is_found_by_its_first_words_when_the_parts_differ() -> None:
    parts = (
        "--b\n\nYes.\n[image: logo]\n\nAl Adams schrieb am Montag dies:\nWann passt es?\n"
        "--b\nContent-Type: text/html\n\nYes.<img alt='our logo'><div class=yahoo_quoted>"
        "Al Adams schrieb am Montag dies:<br>Wann passt es?</div>\n--b--\n"
    )
    read = read_mail(mail(parts, content_type="multipart/alternative; boundary=b"))
    assert read.new_text == "Yes.\n[image: logo]"
