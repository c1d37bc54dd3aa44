"""For admins: what the live version of a playbook would change in CTAs that are open on another, and moving them."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.ctas import queries, recipe
from server.ctas.forms import id_of
from server.errors import Conflict, Invalid
from server.playbooks import queries as playbooks
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("open_ctas", __name__)


@blueprint.get("/playbooks/<slug>/open-ctas")
def of_playbook(slug: str) -> str:
    with runtime().db.reading() as session:
        playbook = playbooks.by_slug(session, slug)
        target = playbooks.live(session, slug)
        version = playbooks.version(session, target.version_id)
        rows = [
            {
                "id": cta.id,
                "name": cta.name,
                "href": url_for("cta_pages.cta", cta_id=cta.id),
                "account": accounts.by_id(session, cta.account_id).name,
                "due": show.day(cta.due_on),
                "version": on.number,
                "differences": [
                    {"what": one.what, "title": one.title, "words": list(one.words)}
                    for one in recipe.differences(session, cta, target)
                ],
            }
            for cta, on in recipe.not_on(session, playbook)
        ]
    return page(
        "ctas/open_ctas.html",
        active="playbooks",
        crumbs=[
            Crumb(label="Playbooks", href="/playbooks"),
            Crumb(label=version.name, href=f"/playbooks/{slug}"),
            Crumb(label="Open CTAs"),
        ],
        playbook={"name": version.name, "number": version.number, "version_id": version.id},
        rows=rows,
        move_href=url_for(".move", slug=slug),
    )


@blueprint.post("/playbooks/<slug>/open-ctas")
def move(slug: str) -> BaseResponse:
    """All that were chosen or none: to the version that was shown."""
    here, chosen = runtime(), [id_of(one, "cta_ids") for one in request.form.getlist("cta_ids")]
    if not chosen:
        raise Invalid("No CTA was chosen.", cure="Tick those that are to be moved.")
    with here.db.transaction() as session:
        target = playbooks.live(session, slug)
        if str(target.version_id) != request.form.get("version_id"):
            what = "Another version was published meanwhile."
            raise Conflict(what, cure="Nothing was moved. Look at what the new one would change.")
        for cta in queries.hold(session, chosen):
            recipe.move(session, cta, target, asker=require_visitor(), now=here.clock.now())
    tell(f"{len(chosen)} {'CTA was' if len(chosen) == 1 else 'CTAs were'} moved. Each can be undone in its history.")
    return redirect(url_for(".of_playbook", slug=slug), code=303)
