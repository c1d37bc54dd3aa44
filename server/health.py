"""/healthz: the process answers. /readyz: so do the database and the queue."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.web.frame import runtime

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    here = runtime()
    try:
        with here.db.reading() as session:
            session.execute(text("SELECT 1"))
        database = True
    except SQLAlchemyError:
        database = False
    queue = here.jobs.ping()
    return jsonify(database=database, queue=queue), 200 if database and queue else 503
