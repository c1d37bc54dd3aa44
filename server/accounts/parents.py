"""The tree of accounts as it will be after an import: every parent exists, and no account is its own ancestor."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from server.accounts.import_passes import BATCH, Seen
from server.accounts.import_report import Tally
from server.accounts.models import Account

COLUMN = "Parent Account ID"


class ParentTree:
    """`add` the rows, then `check`. Nodes are Salesforce ids, or UUIDs as text for accounts without one."""

    def __init__(self) -> None:
        self._parent: dict[str, tuple[int, str]] = {}  # child -> (its line, its parent), as the file says

    def add(self, line: int, child: str, parent: str) -> None:
        self._parent[child] = (line, parent)

    def check(self, session: Session, seen: Seen, tally: Tally) -> None:
        """Tell the tally of missing parents and of circles. A row that is skipped keeps the parent that it had."""
        skipping = tally.options.skip_bad_rows
        rows = {child: line for child, (line, _) in seen.items() if not (skipping and line in tally.bad_lines)}
        while True:
            self._tell_missing(session, rows, seen, tally)
            bad = self._tell_circles(session, rows, tally)
            if not skipping or not bad:
                return
            for child in bad:
                del rows[child]

    def _tell_missing(self, session: Session, rows: dict[str, int], seen: Seen, tally: Tally) -> None:
        children = defaultdict(list)
        for child, (_, parent) in self._parent.items():
            if child in rows:
                children[parent].append(child)
        wave = {parent for parent in children if parent not in rows}
        while wave:
            absent = wave - _in_database(session, wave)
            wave = set()
            for parent in sorted(absent):
                for child in children[parent]:
                    reason = "is neither in the file nor in the database"
                    if parent in seen:
                        reason = f"is on line {seen[parent][0]}, which is skipped, and not in the database"
                    tally.problem(rows.pop(child), COLUMN, parent, reason)
                    wave.add(child)
            if not tally.options.skip_bad_rows:
                return

    def _tell_circles(self, session: Session, rows: dict[str, int], tally: Tally) -> list[str]:
        parent_of = self._whole_tree(session, rows)
        bad = []
        for circle in _circles(parent_of):
            inside = [child for child in circle if child in rows]
            lines = ", ".join(str(rows[child]) for child in sorted(inside, key=rows.__getitem__))
            reason = f"makes a circle of parents: see lines {lines}" if len(circle) > 1 else "is the account itself"
            for child in inside:
                tally.problem(rows[child], COLUMN, parent_of[child], reason)
                bad.append(child)
        return bad

    def _whole_tree(self, session: Session, rows: dict[str, int]) -> dict[str, str]:
        """child -> parent: what the good rows say, and above them what the database says."""
        tree = {child: parent for child, (_, parent) in self._parent.items() if child in rows}
        wanted = {parent for parent in tree.values() if parent not in rows}
        known = set(wanted)
        while wanted:
            above = dict(_parents_in_database(session, wanted))
            tree.update(above)
            wanted = {parent for parent in above.values() if parent not in rows and parent not in known}
            known |= wanted
        return tree


def _in_database(session: Session, salesforce_ids: set[str]) -> set[str]:
    found: set[str] = set()
    for some in _chunks(salesforce_ids):
        statement = select(Account.salesforce_id).where(Account.salesforce_id.in_(some))
        found.update(key for key in session.scalars(statement) if key is not None)
    return found


def _parents_in_database(session: Session, nodes: set[str]) -> Iterator[tuple[str, str]]:
    above = aliased(Account)
    for some in _chunks(nodes):
        ids = [uuid.UUID(node) for node in some if len(node) > 18]
        statement = (
            select(Account.salesforce_id, Account.id, above.salesforce_id, above.id)
            .join(above, above.id == Account.parent_id)
            .where(or_(Account.salesforce_id.in_(some), Account.id.in_(ids)))
        )
        for child, child_id, parent, parent_id in session.execute(statement):
            yield child or str(child_id), parent or str(parent_id)


def _circles(parent_of: dict[str, str]) -> list[list[str]]:
    """Every circle once, each in its own order. Each node has at most one parent, so one walk upwards finds it."""
    walk_of: dict[str, int] = {}
    circles = []
    for number, start in enumerate(parent_of):
        node, path = start, []
        while node in parent_of and node not in walk_of:
            walk_of[node] = number
            path.append(node)
            node = parent_of[node]
        if walk_of.get(node) == number and path:
            circles.append(path[path.index(node) :])
    return circles


def _chunks(nodes: Iterable[str]) -> Iterator[list[str]]:
    every = sorted(nodes)
    for start in range(0, len(every), BATCH):
        yield every[start : start + BATCH]
