"""Sample contexts of the email template library, its versions and the editor: usual cases and the worst ones."""

from types import SimpleNamespace as O
from typing import Any

from markupsafe import Markup
from samples import LONG, base, moment

LIVE = O(text="Changed since v3", tone="warning")
DRAFT = O(text="Draft", tone="info")
ARCHIVED = O(text="Archived", tone="neutral")
MJML = """<mjml lang="en">
  <mj-head>
    <mj-preview>Three short steps until the first value.</mj-preview>
    <mj-style inline="inline">
      .words p { margin: 0 0 16px; }
    </mj-style>
  </mj-head>
  <mj-body background-color="#ffffff">
    <!-- what a TAM may change -->
    <mj-section padding="0 24px">
      <mj-column>
        <mj-text css-class="editable-opening words" color="#28272d">
          <p>Hello {{ contact.first_name }},</p>
          {% if account.renewal_date %}<p>your renewal is on {{ account.renewal_date | date("long") }}.</p>{% endif %}
        </mj-text>
        <mj-button href="https://docs.example/kickoff" background-color="#1f75cb">Book the kickoff</mj-button>
      </mj-column>
    </mj-section>
    <mj-include path="blocks/footer.mjml" />
  </mj-body>
</mjml>
"""
TEXT = "Hello Priya,\n\nyour renewal is on 17 April 2027.\n\nBook the kickoff: https://docs.example/kickoff"
FOLDERS = (
    ("all", "All", 11),
    ("onboarding", "Onboarding", 6),
    ("renewal", "Renewal", 1),
    ("ebr", "EBR", 2),
    ("adoption", "Adoption", 1),
    ("risk", "Risk", 1),
    ("digital_journey", "Digital journey", 0),
    ("blocks", "Shared blocks", 2),
    ("archived", "Archived", 0),
)
CATEGORIES = [O(value=key, label=label) for key, label, _ in FOLDERS[1:7]]
ROLES = [
    O(value="champion", label="Champion"),
    O(value="sponsor", label="Executive sponsor"),
    O(value="admin", label="Administrator"),
]


def row(name: str, slug: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "href": f"/templates/{slug}",
        "name": name,
        "slug": slug,
        "purpose": "Invite the sponsor and the champion to the kickoff.",
        "kind": "template",
        "folder_label": "Onboarding",
        "state_chips": [],
        "version": 3,
        "languages": ["English"],
        "variants_count": 0,
        "changed": O(moment=moment("2 h ago"), by="Maya Ortiz"),
        "sent": 148,
        "answered": 36,
        "answered_share": "24 %",
        "used_in": [O(label="Onboard a new customer", href="/playbooks/p1")],
        "blocks_used_by": 0,
    }
    return O(**(given | changes))


def library(current: str = "all", **changes: Any) -> dict[str, Any]:
    many = [O(label=f"Playbook {number}", href=f"/playbooks/p{number}") for number in range(4)]
    rows = [
        row("Kickoff invitation", "onboarding-kickoff", state_chips=[LIVE], languages=["English", "German", "日本語"]),
        row(
            LONG,
            "a-" + LONG.lower().replace(" ", "-"),
            purpose=f"{LONG}. {LONG}. {LONG}.",
            folder_label=LONG,
            state_chips=[LIVE, ARCHIVED],
            variants_count=12,
            used_in=[O(label=LONG, href=None), *many],
            sent=1_234_567,
        ),
        row(
            "دعوة إلى الاجتماع",
            "risk-lost-touch",
            state_chips=[DRAFT],
            version=None,
            purpose="",
            changed=None,
            sent=0,
            answered=0,
            answered_share="",
            used_in=[],
        ),
        row("GitLab footer", "footer", kind="block", folder_label="Shared blocks", used_in=[], blocks_used_by=12),
        row("Signature", "signature", kind="block", folder_label="Shared blocks", used_in=[], variants_count=1),
    ]
    page = {
        "folders": [
            O(key=key, label=label, count=count, href=f"?folder={key}", is_current=key == current)
            for key, label, count in FOLDERS
        ],
        "folder": current,
        "q": "",
        "action": "/templates",
        "templates": rows,
        "is_admin": True,
        "urls": O(new_template="/page/template-new", new_block="/page/template-new"),
        "is_filtered": False,
        "clear_href": "?",
    }
    return base("templates", crumbs=()) | page | changes


def new_template(**changes: Any) -> dict[str, Any]:
    blank = {"category": "onboarding", "start_from": "", "when_language": "", "when_path": "", "when_value": ""}
    page = {
        "values": O(name="", slug="", kind="template", purpose="", variant_of="", **blank),
        "errors": {},
        "categories": CATEGORIES,
        "starts": [O(value="", label="A blank email"), O(value="kickoff", label="A copy of Kickoff invitation")],
        "parents": [O(value="", label="Not a variant"), O(value="kickoff", label=LONG)],
        "languages": [O(value="", label="Any language"), O(value="de", label="German")],
        "paths": [O(value="", label="No condition"), O(value="account.tier", label="Account: tier")],
        "urls": O(create="/act", cancel="/page/templates"),
    }
    return crumbed("New template") | page | changes


def refused_template() -> dict[str, Any]:
    values = O(**(vars(new_template()["values"]) | {"name": "Kickoff", "slug": "Kick off!", "variant_of": "kickoff"}))
    errors = {
        "slug": "A short name has lower case letters, digits and hyphens only. Try “kick-off”.",
        "category": "There is no such folder. Choose one of the list.",
        "when_value": "Say which value the field must have.",
    }
    return new_template(values=values, errors=errors)


def crumbed(*names: str) -> dict[str, Any]:
    path = [("Email templates", "/page/templates"), *((name, "/page/template") for name in names[:-1])]
    return base("templates", crumbs=(*path, (names[-1], None)))


def version(number: int, **changes: Any) -> O:
    given: dict[str, Any] = {
        "number": number,
        "label": "",
        "author": "Maya Ortiz",
        "moment": moment("3 weeks ago"),
        "note": "A shorter opening; the agenda is a link now.",
        "origin": "Web",
        "is_current": False,
        "href": "/page/template-version",
        "compare_href": "/page/template-compare",
        "restore_url": "/act",
        "preview_src": "/sample-email",
        "subject": "Kickoff for {{ account.name }}",
        "source": MJML,
        "source_lines": None,
    }
    return O(**(given | changes))


def template_page(**changes: Any) -> dict[str, Any]:
    named = {"name": "Kickoff invitation", "slug": "onboarding-kickoff", "href": "/page/template"}
    page = {
        "template": O(
            **named,
            purpose="Invite the sponsor and the champion to the kickoff.",
            description="Send it when the contract is signed.\nAsk for two dates.",
            folder_label="Onboarding",
            kind="template",
            version=3,
            state_chips=[LIVE],
            for_roles=["Champion", "Executive sponsor"],
            max_ages=[O(field="account.renewal_date", text="7 days"), O(field="account.arr", text="30 days")],
            is_archived=False,
        ),
        "preview_src": "/sample-email",
        "preview_contact_label": "Priya Nair",
        "text": TEXT,
        "stats": O(sent=148, answered=36, answered_share="24 %", last_sent=moment("2 h ago")),
        "used_in": [
            O(label="Onboard a new customer", detail="Task “Kickoff invitation”, day 3", href="/playbooks/p1"),
            O(label=LONG, detail=LONG, href=None),
        ],
        "blocks": [O(name="GitLab footer", href="/templates/footer", version=2)],
        "touched": [],
        "variants": [
            O(name="Kickoff invitation", href="#", when="", version=3, is_default=True, is_current=True),
            O(name=LONG, href="#", when="Language is German", version=None, is_default=False, is_current=False),
        ],
        "versions": [
            version(3, is_current=True, restore_url=None),
            version(2, author=LONG, note=LONG, origin="Files"),
            version(1, note="", compare_href=None),
        ],
        "urls": O(
            edit="/page/template-edit",
            new_variant="/page/template-new",
            archive="/act",
            unarchive=None,
            test_email="/test-email",
            compare="/page/template-compare",
        ),
        "is_admin": True,
        "has_draft": True,
    }
    return crumbed("Kickoff invitation") | page | changes


def block_page() -> dict[str, Any]:
    page = template_page()
    block = vars(page["template"]) | {"kind": "block", "name": LONG, "version": None, "for_roles": [], "max_ages": []}
    block |= {"purpose": "", "description": "", "state_chips": [DRAFT, ARCHIVED], "folder_label": "Shared blocks"}
    urls = O(**(vars(page["urls"]) | {"unarchive": "/act", "new_variant": None}))
    empty: dict[str, Any] = {
        "preview_src": None,
        "text": "",
        "versions": [],
        "variants": [],
        "blocks": [],
        "used_in": [],
    }
    touched = [O(name=LONG, href="#", version=3), O(name="Agenda", href="#", version=None)]
    return page | empty | {"template": O(**block), "touched": touched, "urls": urls, "has_draft": False}


def version_page() -> dict[str, Any]:
    page = {
        "template": O(name="Kickoff invitation", slug="onboarding-kickoff", href="/page/template"),
        "version": version(2, note=LONG, origin="Files", source=MJML + f"<!-- {LONG}{LONG}{LONG} -->"),
        "preview_src": "/sample-email",
        "text": TEXT,
        "restore_url": "/act",
        "compare_href": "/page/template-compare",
        "is_admin": True,
    }
    return crumbed("Kickoff invitation", "Version 2") | page


def diff_row(kind: str, left: tuple[int | None, str], right: tuple[int | None, str]) -> O:
    sides = {"left_no": left[0], "left_html": Markup(left[1]), "right_no": right[0], "right_html": Markup(right[1])}
    return O(kind=kind, **sides)


def compare(**changes: Any) -> dict[str, Any]:
    long = "&lt;mj-text&gt;" + LONG.replace("&", "&amp;") * 2 + "&lt;/mj-text&gt;"
    rows = [
        diff_row("gap", (None, "12 lines are the same"), (None, "")),
        diff_row("same", (13, "  &lt;mj-column&gt;"), (13, "  &lt;mj-column&gt;")),
        diff_row(
            "changed",
            (14, "    &lt;mj-text&gt;Hello <del>customer</del>,&lt;/mj-text&gt;"),
            (14, "    &lt;mj-text&gt;Hello <ins>{{ contact.first_name }}</ins>,&lt;/mj-text&gt;"),
        ),
        diff_row("removed", (15, long), (None, "")),
        diff_row("added", (None, ""), (15, long)),
        diff_row("gap", (None, ""), (None, "")),
    ]
    subject = diff_row("changed", (1, "subject: <del>Kickoff</del>"), (1, "subject: <ins>Your kickoff</ins>"))
    page = {
        "template": O(name=LONG, slug="onboarding-kickoff", href="/page/template"),
        "left": version(2, author=LONG, note=LONG, origin="Files"),
        "right": version(3),
        "source_rows": rows,
        "front_rows": [subject],
        "urls": O(restore_left="/act"),
        "conflict": None,
        "is_admin": True,
    }
    return crumbed(LONG, "Compare") | page | changes


def conflict() -> dict[str, Any]:
    both = O(text="Dana Whitfield saved another draft a minute ago.", urls=O(keep_mine="/act", take_theirs="/act"))
    theirs = version(0, label="Dana’s draft", preview_src=None, note="", author="Dana Whitfield", origin="")
    mine = version(0, label="Your draft", note="", origin="")
    return compare(left=theirs, right=mine, conflict=both, source_rows=[], front_rows=[])
