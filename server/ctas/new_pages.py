"""A new CTA by hand. What is open already for the same is offered instead of a double."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people
from server.contacts import queries as contacts
from server.ctas import around_it, by_hand, present
from server.ctas.cta_view import COCKPIT
from server.ctas.forms import id_of, to_cta, value_of
from server.ctas.models import Cta
from server.ctas.open import Wanted, anchors_of
from server.ctas.owners import owners_of
from server.errors import Invalid
from server.playbooks import choices
from server.playbooks import queries as playbooks
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import Definition, OwnerRule
from server.playbooks.models import ChoiceList
from server.playbooks.plan import plan
from server.web import show
from server.web.frame import Crumb, page, runtime
from server.web.identity import require_visitor

blueprint = Blueprint("new_cta", __name__)


@blueprint.get("/ctas/new")
def new() -> str:
    given = request.args
    with runtime().db.reading() as session:
        account = accounts.by_id(session, id_of(given.get("account", ""), "account"))
        return _page(session, account, dict(given.items()))


@blueprint.post("/ctas/new")
def create() -> BaseResponse | tuple[str, int]:
    here, given, visitor = runtime(), request.form, require_visitor()
    account_id = id_of(given.get("account", ""), "account")
    persons = [id_of(one, "contact_ids") for one in given.getlist("contact_ids")]
    wants_another, earlier, wrong = given.get("another") == "yes", None, None
    try:
        with here.db.transaction() as session:
            wanted = _wanted(session, accounts.by_id(session, account_id), given)
            earlier = by_hand.like(session, wanted, another=wants_another)
            if earlier is None:
                cta = by_hand.open_it(session, wanted, asker=visitor, now=here.clock.now())
                around_it.add_persons(session, cta, persons)
                return to_cta(cta.id)
    except Invalid as error:
        wrong = error
    with here.db.reading() as session:
        account = accounts.by_id(session, account_id)
        filled_in = _page(session, account, dict(given.items()), persons=persons, wrong=wrong, earlier=earlier)
    return filled_in, 422 if wrong else 409


def _wanted(session: Session, account: Account, given: Any) -> Wanted:
    slug = given.get("playbook", "")
    return Wanted(
        account_id=account.id,
        name=value_of("name", given.get("name", "")),
        cta_type=given.get("cta_type", ""),
        reason=value_of("reason", given.get("reason", "")),
        priority=given.get("priority", "") or None,
        owner_id=value_of("owner_id", given["owner_id"]) if given.get("owner_id") else None,
        due_on=value_of("due_on", given.get("due_on", "")),
        ebr_on=value_of("ebr_on", given.get("ebr_on", "")),
        playbook=playbooks.live(session, slug) if slug else None,
    )


def _page(
    session: Session,
    account: Account,
    given: dict[str, str],
    *,
    persons: Sequence[uuid.UUID] = (),
    wrong: Invalid | None = None,
    earlier: Cta | None = None,
) -> str:
    lists, me = choices.of(session), require_visitor()
    offered = {
        slug: one.definition for slug, one in playbooks.all_live(session).items() if applies(one.definition, account)
    }
    chosen = offered.get(given.get("playbook", ""))
    values = {
        "name": chosen.name if chosen else "",
        "cta_type": chosen.cta_type if chosen else "lifecycle",
        "reason": (chosen.reason or "") if chosen else "",
        "priority": chosen.priority if chosen else "medium",
        "owner_id": str(account.tam_id or me.user_id),
        "due_on": "",
        "ebr_on": "",
        "playbook": "",
    } | {name: value for name, value in given.items() if value}
    colleagues = people.who_can_own_work(session)

    def options(name: ChoiceList) -> list[dict[str, str]]:
        return [{"value": one.key, "label": one.label} for one in lists.offered(name)]

    return page(
        "ctas/new.html",
        active="cockpit",
        crumbs=[COCKPIT, Crumb(label=account.name, href=f"/accounts/{account.id}"), Crumb(label="New CTA")],
        account={"id": account.id, "name": account.name, "href": f"/accounts/{account.id}"},
        values=values,
        urls={"create": url_for(".create"), "look": url_for(".new", account=account.id)},
        types=options(ChoiceList.TYPE),
        reasons=[{"value": "", "label": "None"}, *options(ChoiceList.REASON)],
        priorities=options(ChoiceList.PRIORITY),
        owners=[{"value": str(user.id), "label": user.name} for user in colleagues],
        playbooks=[
            {"value": "", "label": "None"},
            *({"value": slug, "label": one.name} for slug, one in offered.items()),
        ],
        steps=_steps(session, account, chosen) if chosen else [],
        description=chosen.description if chosen else "",
        contacts=[
            present.contact_row(one) | {"id": one.id, "is_person": one.id in persons}
            for one in contacts.of_account(session, account.id)
        ],
        problem={"text": wrong.detail, "cure": wrong.cure} if wrong else None,
        earlier={
            "name": earlier.name,
            "href": url_for("cta_pages.cta", cta_id=earlier.id),
            "same_name": given.get("name", "") == earlier.name,
        }
        if earlier
        else None,
    )


def applies(definition: Definition, account: Account) -> bool:
    """Whether a playbook is offered for this account."""
    rule, arr = definition.applies, account.arr or Decimal(0)
    return (
        (not rule.stages or account.lifecycle_stage in rule.stages)
        and (rule.arr_at_least is None or arr >= rule.arr_at_least)
        and (rule.arr_under is None or arr < rule.arr_under)
    )


def _steps(session: Session, account: Account, definition: Definition) -> list[dict[str, Any]]:
    """What the playbook would open, with days and owners."""
    owners = owners_of(session, account, otherwise=require_visitor().user_id)
    owners = owners or dict.fromkeys(OwnerRule, require_visitor().user_id)
    planned = plan(definition, anchors_of(account, opened_on=show.today(), ebr_on=None), owners, calendar_of(session))
    users = people.by_ids(session, {one.owner_id for one in planned.tasks})
    return [
        {
            "title": one.step.title,
            "owner": users[one.owner_id].name,
            "due": show.day(one.due_on),
            "is_email": one.step.template is not None,
            "is_optional": not one.step.required,
        }
        for one in planned.tasks
    ]
