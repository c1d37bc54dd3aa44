"""What is rehearsed: a trigger, a playbook (its draft, or a file), or all that is live; and what stands beside it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from server.errors import NotFound
from server.playbooks import queries as playbooks
from server.playbooks.definition import Definition
from server.playbooks.queries import PlaybookInUse
from server.playbooks.read import read_source
from server.triggers import queries
from server.triggers.models import Trigger, TriggerKind
from server.triggers.rehearse import Part
from server.triggers.watch import Watch, watch_of

_NO_VERSION = uuid.UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`draft` beside `live`, None where nothing else is live. `note` says what the person should know of it."""

    title: str
    draft: Sequence[Part]
    live: Sequence[Part] | None
    note: str = ""


def of_trigger(session: Session, row: Trigger) -> Scene:
    """As if it were turned on now, also for what holds already; beside it, what it does today."""
    watch = watch_of(row)
    asked = replace(watch, params=dict(watch.params) | {"also_held": True}, watches_from=None)
    return Scene(
        title=row.name,
        draft=[_part(session, asked)],
        live=[_part(session, watch)] if row.is_on else None,
        note="As if it were turned on now, also for accounts where it holds already.",
    )


def of_playbook(session: Session, slug: str, definition: Definition | None = None) -> Scene:
    """Its draft (or `definition`) with the triggers that name it, beside the live version with the same triggers.

    Without a draft it is the live version alone. Raises NotFound for one that has neither, PlaybookInvalid for a draft
    that cannot be read.
    """
    live, own = playbooks.all_live(session).get(slug), ""
    if definition is None:
        definition, own = _drafted(session, slug), "The draft"
    if definition is None and live is not None:
        definition, live, own = live.definition, None, "There is no draft: this is the live version"
    if definition is None:
        raise NotFound(f"The playbook {slug} has nothing to rehearse.", cure="Write a draft of it first.")
    draft = PlaybookInUse(version_id=_NO_VERSION, definition=definition)
    rows = [one for one in queries.all_triggers(session) if one.playbook_slug == slug]
    if any(one.is_on for one in rows):
        rows = [one for one in rows if one.is_on]
    note = f"{own}{', beside the live version' if live else ''}. " if own else ""
    if not rows:
        return Scene(
            title=definition.name,
            draft=[_for_all(draft)],
            live=[_for_all(live)] if live else None,
            note=f"{note}No trigger opens it. So this is as if it were opened today for every account that it is for.",
        )
    return Scene(
        title=definition.name,
        draft=[Part(watch=watch_of(one), playbook=draft) for one in rows],
        live=[Part(watch=watch_of(one), playbook=live) for one in rows] if live else None,
        note=f"{note}Opened by: {', '.join(one.name for one in rows)}.",
    )


def of_all(session: Session) -> Scene:
    """Every trigger that is on."""
    rows = [one for one in queries.all_triggers(session) if one.is_on]
    return Scene(title="All triggers that are on", draft=[_part(session, watch_of(one)) for one in rows], live=None)


def _part(session: Session, watch: Watch) -> Part:
    live = playbooks.all_live(session)
    return Part(watch=watch, playbook=live.get(watch.playbook_slug) if watch.playbook_slug else None)


def _for_all(playbook: PlaybookInUse) -> Part:
    definition = playbook.definition
    applies = definition.applies
    only = {"stages": list(applies.stages), "arr_at_least": applies.arr_at_least, "arr_under": applies.arr_under}
    watch = Watch(
        slug="",
        name=definition.name,
        kind=TriggerKind.FILE_IMPORTED,
        only={key: value for key, value in only.items() if value},
        cta_name=f"{definition.name}: {{account}}",
        cta_type=definition.cta_type,
        reason=definition.reason,
        owner_rule=definition.owner.value,
    )
    return Part(watch=watch, playbook=playbook, is_for_all=True)


def _drafted(session: Session, slug: str) -> Definition | None:
    """Raises PlaybookInvalid for a draft that cannot be read."""
    row = playbooks.find_slug(session, slug)
    draft = playbooks.draft_of(session, row) if row else None
    return read_source(draft.source, name=f"{slug}.yaml") if draft else None
