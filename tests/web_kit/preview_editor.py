"""The answers behind the library and the editor, for the preview app."""

from typing import Any

import samples_of_editor as editor
import samples_of_templates as templates
from flask import Blueprint, Flask, Response, render_template, request

EMAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
CONFLICT = "/page/template-conflict"
EMAIL = (
    '<!doctype html><html lang="en"><title>Email</title><body style="font:16px/1.6 sans-serif;margin:0;{colours}">'
    '<div style="max-width:552px;margin:0 auto;padding:24px"><h1 style="font-size:22px">{mode}</h1>'
    "<p>Hello {who},</p><p>your renewal is on 17 April 2027.</p>{rest}</div>"
)


def template_pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name in the address -> template and context."""
    folder = "email_templates"
    empty = {"templates": [], "is_filtered": False}
    return {
        "templates": (f"{folder}/library.html", templates.library()),
        "templates-reader": (f"{folder}/library.html", templates.library("blocks", is_admin=False)),
        "templates-empty": (f"{folder}/library.html", templates.library("all", **empty)),
        "templates-folder-empty": (f"{folder}/library.html", templates.library("archived", **empty)),
        "templates-none-found": (f"{folder}/library.html", templates.library(q="zzz", templates=[], is_filtered=True)),
        "template-new": (f"{folder}/new.html", templates.new_template()),
        "template-refused": (f"{folder}/new.html", templates.refused_template()),
        "template": (f"{folder}/template.html", templates.template_page()),
        "template-reader": (f"{folder}/template.html", templates.template_page(is_admin=False, variants=[])),
        "template-block": (f"{folder}/template.html", templates.block_page()),
        "template-edit": (f"{folder}/edit.html", editor.edit_page()),
        "template-edit-refused": (f"{folder}/edit.html", editor.refused_edit()),
        "template-edit-block": (f"{folder}/edit.html", editor.edit_block()),
        "template-compare": (f"{folder}/compare.html", templates.compare()),
        "template-conflict": (f"{folder}/compare.html", templates.conflict()),
        "template-version": (f"{folder}/version.html", templates.version_page()),
    }


def add_editor_routes(app: Flask) -> None:
    routes = Blueprint("editor", __name__)
    add_answers(routes)
    add_lists(routes)
    app.register_blueprint(routes)


def add_answers(app: Blueprint) -> None:
    @app.get("/templates")
    def found() -> str:
        return render_template("email_templates/_list.html", **templates.library(templates=[], is_filtered=True))

    @app.post("/test-email")
    def test_email() -> str:
        return render_template("email_templates/_toast.html", tone="success", text="A test is on its way to you.")

    @app.post("/editor/check")
    def check() -> dict[str, Any]:
        return editor.checked(request.get_json())

    @app.post("/editor/save")
    def save() -> tuple[dict[str, Any], int]:
        given = request.get_json()
        if "CONFLICT" in given["mjml"]:
            said = "Dana Whitfield saved another draft a minute ago."
            answer = {"detail": said, "cure": "Compare the two, then keep one.", "compare_href": CONFLICT}
            return answer | {"revision": 2, "based_on": "version-4"}, 409
        return {
            "revision": given["revision"] + 1,
            "based_on": given["based_on"],
            "saved": {"text": "Saved 10:31"},
        }, 200

    @app.post("/editor/preview")
    def preview() -> Response:
        dark = "background:#18171d;color:#ececef" if request.form["theme"] == "dark" else "color:#28272d"
        rest = "<p>A paragraph like many others in emails that are long.</p>" * 12
        who = request.form["contact_id"] or "nobody"
        html = EMAIL.format(colours=dark, mode=request.form["mode"], who=who, rest=rest)
        return Response(html, headers={"Content-Security-Policy": EMAIL_POLICY})


def add_lists(app: Blueprint) -> None:
    @app.get("/editor/token")
    def token() -> dict[str, str]:
        return {"token": "t0ken"}

    @app.get("/editor/language")
    def language() -> dict[str, Any]:
        return editor.language()

    @app.get("/editor/contacts")
    def contacts() -> list[dict[str, str]]:
        return editor.contacts(request.args["q"])

    @app.get("/editor/worst")
    def worst() -> str:
        return render_template("email_templates/_worst.html", contacts=editor.worst())

    @app.get("/editor/fields")
    def fields() -> str:
        return render_template("email_templates/_fields.html", fields=editor.fields())
