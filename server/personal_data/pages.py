"""What is held of a person, their export, their erasure and its receipt.

An address comes and goes in the body of a form, never in an address of a page: those stand in logs and histories.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.audit import note
from server.auth import policy
from server.auth.policy import Deed
from server.contacts import erased
from server.errors import Conflict, Invalid, NotFound
from server.personal import Subject
from server.personal_data import erase as erasing
from server.personal_data import export as exports
from server.personal_data import held, present, receipts, subjects
from server.personal_data.preview import foresee
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("personal_data", __name__)


@blueprint.get("/personal-data")
def search() -> str:
    with runtime().db.reading() as session:
        latest = [present.receipt_row(one) for one in receipts.latest(session)]
    return _search_page(latest)


def _search_page(latest: list[dict[str, Any]], **context: Any) -> str:
    shown = {"address": "", "error": "", "contacts": [], "erased": None} | context
    return page(
        "personal_data/search.html",
        active="personal_data",
        crumbs=[Crumb(label="Personal data")],
        receipts=latest,
        may_erase=_may_erase(),
        **shown,
    )


@blueprint.post("/personal-data/find")
def find() -> str | BaseResponse:
    """By an address: the contact's page, a choice of contacts, what is held of the address, or that nothing is."""
    address = request.form.get("address", "")
    with runtime().db.transaction() as session:
        latest = [present.receipt_row(one) for one in receipts.latest(session)]
        try:
            norm = subjects.address_in(address)
        except Invalid as invalid:
            return _search_page(latest, address=address, error=invalid.detail)
        _note(session, norm)
        contacts = subjects.contacts_at(session, norm)
        if len(contacts) == 1:
            return redirect(url_for(".of_contact", contact_id=contacts[0].id), code=303)
        if contacts:
            return _search_page(latest, address=address, contacts=[present.contact_row(one) for one in contacts])
        subject = subjects.of_address(session, address)
        found = held.summary(session, subject)
        if found:
            return _held_page(subject, found)
        receipt_id = erased.receipt_of(session, norm)
        if receipt_id is not None:
            was = present.receipt_row(receipts.by_id(session, receipt_id)) | {"address": norm}
            return _search_page(latest, address=address, erased=was)
        return _search_page(latest, address=address, error="Nothing is held about this address.")


@blueprint.get("/contacts/<uuid:contact_id>/personal-data")
def of_contact(contact_id: uuid.UUID) -> str:
    with runtime().db.reading() as session:
        subject = subjects.of_contact(session, contact_id)
        found = held.summary(session, subject)
    note.looking()
    return _held_page(subject, found)


@blueprint.post("/personal-data/export")
def export() -> Response:
    """The ZIP for the person."""
    here = runtime()
    with here.db.transaction() as session:
        subject = _subject(session)
        made = exports.make_zip(session, subject, by_name=require_visitor().name, now=here.clock.now())
    response = Response(made, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{exports.FILE_NAME}"'
    return response


@blueprint.post("/personal-data/preview")
def preview() -> str:
    """What an erasure would do."""
    with runtime().db.transaction() as session:
        subject = _subject(session)
    return _preview_page(subject)


@blueprint.post("/personal-data/erase")
def erase() -> str | BaseResponse:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        subject = _subject(session)
        try:
            erasing.demand_confirmed(subject, request.form.get("confirm", ""))
        except Invalid as invalid:
            wrong = invalid.detail
        else:
            receipt = erasing.erase(
                session, subject, by_user_id=visitor.user_id, by_name=visitor.name, now=here.clock.now()
            )
            wrong = ""
            note.about(receipt_id=str(receipt.id))
    if wrong:
        return _preview_page(subject, wrong=wrong)
    tell("Erased. This is the receipt.")
    return redirect(url_for(".receipt", receipt_id=receipt.id), code=303)


@blueprint.get("/personal-data/receipts/<uuid:receipt_id>")
def receipt(receipt_id: uuid.UUID) -> str:
    with runtime().db.reading() as session:
        found = receipts.by_id(session, receipt_id)
    return page(
        "personal_data/receipt.html",
        active="personal_data",
        crumbs=[Crumb(label="Personal data", href=url_for(".search")), Crumb(label="Receipt")],
        receipt=present.receipt(found),
    )


@blueprint.get("/personal-data/receipts/<uuid:receipt_id>/<string:form>")
def receipt_file(receipt_id: uuid.UUID, form: str) -> Response:
    """As "text" or "json"."""
    makers = {"text": (receipts.as_text, "text/plain", "txt"), "json": (receipts.as_json, "application/json", "json")}
    if form not in makers:
        raise NotFound("There is no such file.", cure="A receipt comes as text or as JSON.")
    make, kind, ending = makers[form]
    with runtime().db.reading() as session:
        text = make(receipts.by_id(session, receipt_id))
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="erasure-{receipt_id}.{ending}"'
    return response


@blueprint.post("/personal-data/let-in")
def let_in() -> BaseResponse:
    """The person came back: what is written by them and to them from now on is kept again."""
    with runtime().db.transaction() as session:
        norm = subjects.address_in(request.form.get("address", ""))
        _note(session, norm)
        if not erased.let_in(session, norm):
            raise Conflict("This address was not erased, or was let in again already.", cure="Search for it again.")
    tell("The address may be stored again. Add the contact, or import them.")
    return redirect(url_for(".search"), code=303)


def _subject(session: Session) -> Subject:
    """Whom the form is about. Raises NotFound, Invalid, Conflict."""
    contact_id = request.form.get("contact_id")
    if not contact_id:
        address = request.form.get("address", "")
        _note(session, subjects.address_in(address))
        return subjects.of_address(session, address)
    try:
        wanted = uuid.UUID(contact_id)
    except ValueError:
        raise NotFound("There is no such contact.", cure="Search by the address.") from None
    note.about(contact_id=str(wanted))
    return subjects.of_contact(session, wanted)


def _note(session: Session, norm: str) -> None:
    """The log gets the beginning of the hash that stands in receipts, and no address."""
    note.about(address_hash=erased.hash_of_address(session, norm)[:16])


def _may_erase() -> bool:
    return policy.may(require_visitor(), Deed.ERASE_PERSONAL_DATA)


def _held_page(subject: Subject, found: list[held.Held]) -> str:
    return page(
        "personal_data/held.html",
        active="personal_data",
        crumbs=[Crumb(label="Personal data", href=url_for(".search")), Crumb(label=present.called(subject))],
        person=present.person(subject),
        rows=[present.held_row(one, subject) for one in found],
        may_erase=_may_erase(),
    )


def _preview_page(subject: Subject, *, wrong: str = "") -> str:
    here = runtime()
    foreseen = foresee(here.db, subject, now=here.clock.now())
    return page(
        "personal_data/preview.html",
        active="personal_data",
        crumbs=[Crumb(label="Personal data", href=url_for(".search")), Crumb(label="Erase")],
        person=present.person(subject),
        receipt=present.receipt(foreseen),
        confirmation=erasing.confirmation_of(subject),
        error=wrong,
    )
