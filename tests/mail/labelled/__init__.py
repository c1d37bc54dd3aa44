"""Mail with the answer that a careful person would give, written before any code that matches.

`world.yaml` says who is who. A case in the other files:

- `id`, `why`, `mailbox` (whose), `labels` (Gmail's, or the holder's own by name), `gmail_thread` (of that mailbox;
  without it, a conversation of its own), `received` (what Gmail says; without it, the Date header)
- `mail` (text; line ends as in mail are made) or `raw_base64` (bytes)
- `after`, what a person did before: `unlink` one mail from `account`, `unlink_thread` its conversation, `move` the
  conversation from `account` (without it: from the queue) `to` another, `never_pair` an `address` with `account`
- `expect`: `outcome`; `accounts`, all that it belongs to, each with the strongest rule that says so (order of RULES);
  `reason` why it waits or is excluded; `tied`, the accounts between which a person is asked, also of a mail that is
  linked to others for sure; `kind`; `same_as`, the earlier case that is the same mail: without it, a mail of its own
- `naive`: accounts to which a hasty matcher would link it, and which are wrong

The cases of one file are read in its order in one world; each file begins with a fresh one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

HERE = Path(__file__).parent
RULES = ("person", "contact_address", "alternate_address", "normalised_address", "bounced_address", "thread", "domain")
KINDS = {"personal", "auto_reply", "calendar", "bounce", "bulk", "automatic"}
CHOSEN = {f"excluded_{what}": what for what in ("address", "domain", "label", "thread")} | {"excluded_pair": "address"}
UNCHOSEN = {*("spam", "trash", "draft", "chat"), *("internal_only", "bulk", "test_email", "mailbox_level", "unlinked")}
REASONS = {"linked": {None}, "waiting": {"tie", "nobody_known"}, "excluded": {*UNCHOSEN, *CHOSEN}}
ACTS = {"unlink": {"account"}, "unlink_thread": {"account"}, "move": {"to"}, "never_pair": {"address", "account"}}
T = TypeVar("T")


class Mislabelled(ValueError):
    """A file here says what cannot be meant; the text names the place and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class User:
    name: str
    address: str
    level: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Account:
    name: str
    domains: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """`former`: (account, until) of where they were before, oldest first."""

    name: str
    account: str
    address: str
    alternates: tuple[str, ...] = ()
    opted_out: bool = False
    former: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """`value` is what `CHOSEN[rule]` says; `mailbox` None: of everybody's mail."""

    rule: str
    value: str
    mailbox: str | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """People and accounts by their keys; `never_pairs` are (address, account)."""

    own_domains: tuple[str, ...]
    users: dict[str, User]
    accounts: dict[str, Account]
    contacts: dict[str, Contact]
    exclusions: tuple[Exclusion, ...]
    never_pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Act:
    act: str
    case: str
    account: str | None = None
    to: str | None = None
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Expect:
    outcome: str
    accounts: dict[str, str]
    reason: str | None = None
    tied: tuple[str, ...] = ()
    kind: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """`theme` is the file's name without .yaml; `raw` is the mail as it comes."""

    id: str
    theme: str
    why: str
    mailbox: str
    labels: tuple[str, ...]
    raw: bytes
    expect: Expect
    gmail_thread: str | None = None
    received: datetime | None = None
    after: tuple[Act, ...] = ()
    naive: tuple[str, ...] = ()


def load_world() -> World:
    """Raises Mislabelled."""
    told = YAML(typ="safe", pure=True).load(HERE / "world.yaml")
    for one in told["contacts"].values():
        one["former"] = [(former["account"], former["until"]) for former in one.get("former", ())]
    for one in told["exclusions"]:
        _known({one["rule"]}, CHOSEN, "exclusions")
        one["value"] = one.pop(CHOSEN[one["rule"]], None)
    told["never_pairs"] = [(pair["address"], pair["account"]) for pair in told["never_pairs"]]
    for name, made in (("users", User), ("accounts", Account), ("contacts", Contact)):
        told[name] = {key: _make(made, one, key) for key, one in told[name].items()}
    told["exclusions"] = [_make(Exclusion, one, "exclusions") for one in told["exclusions"]]
    world = _make(World, told, "world.yaml")
    at = {account for one in world.contacts.values() for account in (one.account, *dict(one.former))}
    _known(at | {account for _, account in world.never_pairs}, world.accounts, "world.yaml")
    _known({one.mailbox for one in world.exclusions}, {*world.users, None}, "exclusions")
    _need(all(one.value for one in world.exclusions), "exclusions: one does not say what is excluded")
    return world


def load_cases() -> list[Case]:
    """All cases, file by file, each file in its order. Raises Mislabelled."""
    world, cases = load_world(), list[Case]()
    for path in sorted(set(HERE.glob("*.yaml")) - {HERE / "world.yaml"}):
        for told in YAML(typ="safe", pure=True).load(path):
            case = _case(told, path.stem)
            _need(case.id not in {one.id for one in cases}, f"{path.stem}: {case.id} stands twice")
            _check(case, world, {one.id for one in cases if one.theme == case.theme})
            cases.append(case)
    return cases


def _case(told: dict[str, Any], theme: str) -> Case:
    where = f"{theme}: {told.get('id')}"
    _need(("mail" in told) != ("raw_base64" in told), f"{where}: give one of mail and raw_base64")
    text = told.pop("mail", "").replace("\n", "\r\n").encode()
    raw = base64.b64decode("".join(told.pop("raw_base64", "").split()), validate=True) or text
    expect = _make(Expect, {"accounts": {}} | told.pop("expect", {}), where)
    after = [_make(Act, act, where) for act in told.pop("after", ())]
    return _make(Case, told | {"theme": theme, "raw": raw, "expect": expect, "after": after}, where)


def _check(case: Case, world: World, before: set[str]) -> None:
    where, want = f"{case.theme}: {case.id}", case.expect
    _known({case.mailbox}, world.users, where)
    _known({want.outcome}, REASONS, where)
    _known({want.reason}, REASONS[want.outcome], where)
    _known(set(want.accounts.values()), RULES, where)
    _known({want.kind}, {*KINDS, None}, where)
    _need((want.outcome == "linked") == bool(want.accounts), f"{where}: linked mail has accounts, other mail has none")
    _need((want.reason == "tie") <= bool(want.tied), f"{where}: between which accounts is the tie?")
    for act in case.after:
        _known({act.act}, ACTS, where)
        given = {name for name in ("account", "to", "address") if getattr(act, name)}
        _need(given - ({"account"} if act.act == "move" else set()) == ACTS[act.act], f"{where}: keys of {act.act}")
        _known({act.account, act.to}, {*world.accounts, None}, where)
    _known({*want.accounts, *want.tied, *case.naive}, world.accounts, where)
    _need(not set(case.naive) & set(want.accounts), f"{where}: an account is both wanted and naive")
    _known({want.same_as, *(act.case for act in case.after)}, {*before, None}, where)


def _make(made: type[T], told: dict[str, Any], where: str) -> T:
    try:
        return made(**{key: tuple(one) if isinstance(one, list) else one for key, one in told.items()})
    except TypeError as error:
        raise Mislabelled(f"{where}: {error}") from error


def _known(given: set[Any], known: Any, where: str) -> None:
    _need(given <= set(known), f"{where}: unknown {sorted(map(str, given - set(known)))}")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise Mislabelled(what)
