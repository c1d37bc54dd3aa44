"""The editor's page, and what its server would answer to the browser's questions."""

from types import SimpleNamespace as O
from typing import Any

from samples import LONG, moment
from samples_of_templates import CATEGORIES, MJML, ROLES, crumbed

URLS = O(
    save="/editor/save",
    token="/editor/token",
    check="/editor/check",
    preview="/editor/preview",
    fields="/editor/fields",
    contacts="/editor/contacts",
    worst="/editor/worst",
    publish="/act",
    test_email="/test-email",
    discard="/act",
    language="/editor/language",
    overview="/page/template",
)


def edit_page(**changes: Any) -> dict[str, Any]:
    draft = {
        "revision": 7,
        "based_on": "version-3",
        "mjml": MJML,
        "subject": "Kickoff for {{ account.name }}",
        "name": "Kickoff invitation",
        "category": "onboarding",
        "purpose": "Invite the sponsor and the champion to the kickoff.",
        "description": "Send it when the contract is signed.",
        "for_roles": ["champion", "night_watch"],
        "max_age": "account.renewal_date: 7 days",
        "saved": O(moment=moment("2 min ago"), by="Dana Whitfield"),
        "is_behind": False,
        "compare_href": None,
    }
    page = {
        "template": O(
            name="Kickoff invitation", slug="onboarding-kickoff", kind="template", version=3, is_variant=False, when=""
        ),
        "draft": O(**draft),
        "categories": CATEGORIES,
        "roles": [*ROLES, O(value="night_watch", label="Night watch (unknown role)")],
        "contact": O(id="priya", label="Priya Nair, Helios Energy"),
        "publish_findings": None,
        "publish_note": "",
        "urls": URLS,
    }
    return crumbed("Kickoff invitation", "Edit") | page | changes


def refused_edit() -> dict[str, Any]:
    """After a refused publish, with all notes at once and nothing chosen."""
    page = edit_page()
    draft = vars(page["draft"]) | {
        "is_behind": True,
        "compare_href": "/page/template-compare",
        "saved": None,
        "name": "",
    }
    found = [
        O(
            severity="error",
            where="12 contacts",
            message="The field account.renewal_date is empty.",
            cure="Fill it in at the account, or put the sentence between {% if %} and {% endif %}.",
            contacts=[O(label="Priya Nair", href="#"), O(label=LONG, href=None)],
            more=10,
        ),
        O(severity="warning", where="Footer, line 3", message="The link has no text.", cure="", contacts=[], more=0),
    ]
    template = O(name=LONG, slug="x", kind="template", version=3, is_variant=True, when=f"Language is {LONG}")
    told = {"publish_findings": found, "publish_note": "Shorter", "contact": None, "template": template}
    return page | told | {"draft": O(**(draft | {"subject": LONG, "name": ""}))}


def edit_block() -> dict[str, Any]:
    block = O(name="GitLab footer", slug="footer", kind="block", version=None, is_variant=False, when="")
    return edit_page(template=block)


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What a document with the words OOPS and WARN in it has wrong."""
    found = []
    for number, line in enumerate(document["mjml"].splitlines(), start=1):
        for word, severity in (("OOPS", "error"), ("WARN", "warning")):
            if word in line:
                message = f"The field contact.{word.lower()} does not exist."
                said = {"message": message, "cure": "Did you mean account.name?"}
                found.append({"line": number, "where": "mjml", "file": "", "severity": severity, **said})
    if not document["name"]:
        said = {"message": "The template has no name.", "cure": f"Open the settings and give it one. {LONG}"}
        found.append({"line": 0, "where": "settings", "file": "", "severity": "error", **said})
    return found


def checked(document: dict[str, Any]) -> dict[str, Any]:
    found = findings(document)
    is_sound = not any(one["severity"] == "error" for one in found)
    return {
        "findings": found,
        "merge_fields": ["contact.first_name", "account.renewal_date"],
        "sizes": {"html_kb": 18.2, "clip_share": 0.18},
        "can_publish": is_sound,
        "can_preview": is_sound or not document["name"],
        "subject": document["subject"].replace("{{ account.name }}", "Helios Energy"),
        "missing": [{"path": "account.arr", "label": "ARR"}] if document.get("contact_id") == "worst" else [],
    }


def components() -> dict[str, Any]:
    def component(children: list[str], ending: bool = False, **attributes: str) -> dict[str, Any]:
        named = {name.replace("_", "-"): kind for name, kind in attributes.items()}
        return {"attributes": named, "children": children, "ending": ending}

    return {
        "mjml": component(["mj-head", "mj-body"]),
        "mj-body": component(["mj-section", "mj-include"], background_color="color", width="unit(px)"),
        "mj-section": component(["mj-column"], padding="unit(px,%){1,4}", text_align="enum(left,center,right)"),
        "mj-column": component(["mj-text", "mj-button", "mj-image"], width="unit(px,%)"),
        "mj-text": component([], ending=True, align="enum(left,right,center,justify)", color="color"),
        "mj-button": component([], ending=True, href="string", align="enum(left,center,right)"),
        "mj-image": component([], src="string", alt="string", fluid_on_mobile="boolean"),
    }


def fields() -> list[O]:
    def field(path: str, label: str, value: str | None, group: str, age: str = "") -> O:
        return O(path=path, label=label, type="text", source="Salesforce", age=age, value=value, group=group)

    return [
        field("contact.first_name", "First name", "Priya", "Contact"),
        field("contact.title", "Job title", None, "Contact"),
        field("account.name", "Account name", LONG, "Account", "2 h old"),
        field("account.renewal_date", "Renewal date", "17 April 2027", "Account", "9 days old"),
        field("tam.name", "TAM of the account", "Maya Ortiz", "TAM"),
    ]


def language() -> dict[str, Any]:
    known = [
        {
            "path": field.path,
            "label": field.label,
            "type": field.type,
            "example": field.value or "",
            "description": f"{field.label}, as {field.source} has it.",
            "source": field.source,
        }
        for field in fields()
    ]
    return {
        "components": components(),
        "merge_fields": known,
        "filters": [{"name": "date", "signature": 'date("long")', "description": "A date in words."}],
        "blocks": [{"path": "blocks/footer.mjml", "name": "GitLab footer"}],
    }


def contacts(q: str) -> list[dict[str, str]]:
    people = [
        {"id": "priya", "label": "Priya Nair", "account": "Helios Energy", "note": "Champion"},
        {"id": "tom", "label": "Tom Becker", "account": LONG, "note": ""},
    ]
    return [one for one in people if q.lower() in one["label"].lower()]


def worst() -> list[O]:
    return [
        O(id="worst", label=LONG, account=LONG, why="the longest name"),
        O(id="w2", label="李 小龍", account="–", why="no first name"),
    ]
