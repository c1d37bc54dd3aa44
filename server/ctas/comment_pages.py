"""Comments, mentions and files of CTAs."""

from __future__ import annotations

import uuid
from io import BytesIO

from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people
from server.ctas import attachments, comments, queries
from server.ctas.forms import to_cta
from server.errors import Invalid
from server.web import markdown, show
from server.web.frame import Crumb, page, runtime
from server.web.identity import require_visitor

blueprint = Blueprint("cta_comments", __name__)

_ROOM_FOR_A_FORM = 64 * 1024


@blueprint.url_value_preprocessor
def let_files_in(endpoint: str | None, _values: object) -> None:
    """Here alone a request may be larger than elsewhere. Before the check of the form's token, which reads it."""
    if endpoint == "cta_comments.attach":
        request.max_content_length = attachments.LARGEST_FILE + _ROOM_FOR_A_FORM


@blueprint.post("/ctas/<uuid:cta_id>/comments")
def write(cta_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        cta = queries.cta(session, cta_id)
        comment = comments.write(
            session, cta, request.form.get("text", ""), asker=require_visitor(), now=here.clock.now()
        )
    return to_cta(cta_id, anchor=f"comment-{comment.id}")


@blueprint.post("/comments/<uuid:comment_id>/edit")
def edit(comment_id: uuid.UUID) -> BaseResponse:
    here, given = runtime(), request.form
    with here.db.transaction() as session:
        comment = comments.comment(session, comment_id)
        text, seen = given.get("text", ""), given.get("seen", "")
        comments.edit(session, comment, text, seen=seen, asker=require_visitor(), now=here.clock.now())
    return to_cta(comment.cta_id, anchor=f"comment-{comment_id}")


@blueprint.post("/comments/<uuid:comment_id>/remove")
def remove(comment_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        comment = comments.comment(session, comment_id)
        comments.remove(session, comment, asker=require_visitor(), now=here.clock.now())
    return to_cta(comment.cta_id, anchor="comments")


@blueprint.get("/mentions")
def mentions() -> str:
    """Where colleagues have named me."""
    with runtime().db.reading() as session:
        found = comments.mentions(session, require_visitor().user_id)
        users = people.by_ids(session, {one.comment.author_id for one in found if one.comment.author_id})
    return page(
        "ctas/mentions.html",
        active="mentions",
        crumbs=[Crumb(label="Mentions")],
        mentions=[
            {
                "cta": one.cta.name,
                "href": f"/ctas/{one.cta.id}#comment-{one.comment.id}",
                "by": users[one.comment.author_id].name if one.comment.author_id in users else "Rapport",
                "at": show.moment(one.comment.created_at),
                "html": markdown.to_html(one.comment.text),
                "is_new": one.seen_at is None,
            }
            for one in found
        ],
    )


@blueprint.post("/ctas/<uuid:cta_id>/files")
def attach(cta_id: uuid.UUID) -> BaseResponse:
    here, given = runtime(), request.files.get("file")
    if given is None or not given.filename:
        raise Invalid("No file was chosen.", cure="Choose one of at most 10 MB.", fields={"file": "Choose one."})
    with given.stream as stream:
        data = stream.read(attachments.LARGEST_FILE + 1)
    with here.db.transaction() as session:
        cta = queries.held(session, cta_id)
        attachments.add(session, cta, name=given.filename, data=data, asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id, anchor="files")


@blueprint.get("/files/<uuid:attachment_id>")
def file(attachment_id: uuid.UUID) -> BaseResponse:
    """As a download and as bytes alone: whatever it is, no browser shows it as a page of ours."""
    with runtime().db.reading() as session:
        found = attachments.attachment(session, attachment_id)
        data = attachments.bytes_of(session, found)
    answer = send_file(
        BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name=found.name, etag=False
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@blueprint.post("/files/<uuid:attachment_id>/remove")
def remove_file(attachment_id: uuid.UUID) -> BaseResponse:
    with runtime().db.transaction() as session:
        found = attachments.attachment(session, attachment_id)
        attachments.remove(session, found, asker=require_visitor())
    return to_cta(found.cta_id, anchor="files")
