"""The day of return in automatic replies as people write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ctas.away import day_of_return

TODAY = date(2026, 12, 21)  # a Monday
JAN_4 = date(2027, 1, 4)

CASES = [
    ("I am out of the office and will be back on 4 January.", JAN_4),
    ("I'm on annual leave, back on Monday, January 4th, 2027.", JAN_4),
    ("Thanks for your mail. I will return on January 4.", JAN_4),
    ("I am away until January 3rd with limited access to email.", JAN_4),
    ("Out of office until Friday. For urgent matters call Ann.", date(2026, 12, 26)),
    ("I am out from 21 December to 3 January and read mail when I return.", JAN_4),
    ("I will be out of the office through Jan 3, 2027.", JAN_4),
    ("Currently on vacation, returning 2027-01-04.", JAN_4),
    ("I am not in the office until Monday, 4 January.", JAN_4),
    ("I will be back in the office on 4th of January.", JAN_4),
    ("I'll be back tomorrow.", date(2026, 12, 22)),
    ("I am back at my desk on Wednesday.", date(2026, 12, 23)),
    ("Ich bin ab dem 4.1. wieder erreichbar.", JAN_4),
    ("Ich bin bis zum 03.01.2027 nicht im Büro.", JAN_4),
    ("Ich bin bis einschließlich 3. Januar im Urlaub.", JAN_4),
    ("Vom 21.12. bis 03.01. bin ich nicht erreichbar.", JAN_4),
    ("Am Montag, den 4. Januar 2027, bin ich zurück. Ich bin wieder da am 4.1.27", JAN_4),
    ("Ab Montag bin ich wieder für Sie da.", date(2026, 12, 28)),
    ("Ich bin erst am 4. Januar wieder im Haus.", JAN_4),
    ("Je suis absent jusqu'au 3 janvier inclus.", JAN_4),
    ("Je serai de retour le 4 janvier 2027.", JAN_4),
    ("Absente du 21 décembre au 3 janvier, je lirai vos messages ensuite.", JAN_4),
    ("Je serai de retour lundi.", date(2026, 12, 28)),
    ("Je suis en congés jusqu’au 03/01/2027.", None),
    ("Je suis en congés jusqu’au 31/12.", date(2027, 1, 1)),
    ("Estaré fuera de la oficina hasta el 3 de enero.", JAN_4),
    ("Estaré de vuelta el 4 de enero de 2027.", JAN_4),
    ("Vuelvo el lunes.", date(2026, 12, 28)),
    ("Del 21 de diciembre al 3 de enero estoy de vacaciones.", JAN_4),
    ("Thank you for your message. I will answer as soon as possible.", None),
    ("We were founded on 4 January 1999.", None),
    ("I was out until 4 January 2020.", None),
    ("I am back on 31 February.", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "day"), CASES, ids=[text[:50] or "nothing" for text, _ in CASES])
def test_the_day_of_return_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert day_of_return(text, today=TODAY) == day


@given(text=st.text(max_size=600), today=st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_whatever_stands_there_it_is_a_later_day_or_none(text: str, today: date) -> None:
    day = day_of_return(text, today=today)
    assert day is None or today < day <= today + timedelta(days=400)


MONTHS = {
    "I am back on {d} {m} {y}.": (
        "January February March April May June July August September October November December"
    ),
    "Ich bin ab dem {d}. {m} {y} wieder da.": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    ),
    "Je suis de retour le {d} {m} {y}.": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    ),
    "Vuelvo el {d} de {m} de {y}.": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
}


@given(
    today=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    ahead=st.integers(1, 400),
    sentence=st.sampled_from(sorted(MONTHS)),
)
def test_every_day_of_the_coming_year_is_read_in_every_language(today: date, ahead: int, sentence: str) -> None:
    day = today + timedelta(days=ahead)
    month = MONTHS[sentence].split()[day.month - 1]
    text = sentence.format(d=day.day, m=month, y=day.year)
    assert day_of_return(text, today=today) == day
