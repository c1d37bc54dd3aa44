"""The contacts on whom a template is most likely to look wrong, each with the reason."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.template_library.everybody import Person

Measure = Callable[[Person], int]


@dataclass(frozen=True, kw_only=True)
class Worst:
    person: Person
    why: str


def ten_worst(people: Iterable[Person], most: int = 10) -> list[Worst]:
    """The worst by each measure in turn, nobody twice."""
    tops: list[list[tuple[int, int, Person]]] = [[] for _ in _MEASURES]
    for number, person in enumerate(people):
        for top, (measure, _) in zip(tops, _MEASURES, strict=True):
            weight = measure(person)
            if weight <= 0:
                continue
            # The number settles ties: the earlier one stays.
            heapq.heappush(top, (weight, -number, person))
            if len(top) > most:
                heapq.heappop(top)
    found: dict[object, Worst] = {}
    ranked = [sorted(top, key=lambda entry: entry[:2], reverse=True) for top in tops]
    for rank in range(most):
        for top, (_, why) in zip(ranked, _MEASURES, strict=True):
            if rank < len(top):
                weight, _, person = top[rank]
                found.setdefault(person.id, Worst(person=person, why=why(person, weight)))
            if len(found) == most:
                return list(found.values())
    return list(found.values())


def _empty_fields(person: Person) -> list[str]:
    fields = {
        "first name": person.first_name,
        "last name": person.last_name,
        "job title": person.title,
        "ARR": person.arr,
        "renewal date": person.renewal_on,
        "lifecycle stage": person.lifecycle_stage,
        "TAM": person.tam_id,
    }
    return [name for name, value in fields.items() if value is None or value == ""]


def _foreign_letters(person: Person) -> int:
    return sum(1 for char in person.full_name if char.isalpha() and "LATIN" not in unicodedata.name(char, ""))


def _right_to_left(person: Person) -> int:
    return sum(1 for char in person.full_name if unicodedata.bidirectional(char) in ("R", "AL"))


def _odd_signs(person: Person) -> int:
    return sum(1 for char in person.full_name + person.account_name if char in "&<>\"'{}%|*_[]\\")


_MEASURES: tuple[tuple[Measure, Callable[[Person, int], str]], ...] = (
    (lambda person: len(_empty_fields(person)), lambda person, _: f"Empty: {', '.join(_empty_fields(person))}"),
    (lambda person: len(person.full_name) - 15, lambda person, _: f"Long name: {len(person.full_name)} letters"),
    (_foreign_letters, lambda _, __: "Another script than Latin"),
    (
        lambda person: len(person.account_name) - 15,
        lambda person, _: f"Long account: {len(person.account_name)} letters",
    ),
    (_odd_signs, lambda _, __: "Signs such as & or quotes in a name"),
    (_right_to_left, lambda _, __: "Written from right to left"),
    (lambda person: len(person.title or "") - 20, lambda person, _: f"Long title: {len(person.title or '')} letters"),
    (lambda person: len(person.email) - 25, lambda person, _: f"Long address: {len(person.email)} letters"),
    (lambda person: len(person.full_name), lambda _, __: "Longest of the rest"),
)
