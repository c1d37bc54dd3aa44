"""Sample contexts for every page template: usual cases and the worst ones (long, empty, non-Latin)."""

from types import SimpleNamespace as O
from typing import Any

from markupsafe import Markup

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne International Holdings"


def moment(text: str, iso: str = "2026-11-22T03:45:00+00:00") -> O:
    return O(iso=iso, text=text, title=f"Sun 22 Nov 2026, 14:45 Europe/Berlin ({text})")


def base(
    active: str = "cockpit", crumbs: tuple[tuple[str, str | None], ...] = (), flashes: tuple[tuple[str, str], ...] = ()
) -> dict[str, Any]:
    return {
        "me": O(name="Maya Ortiz", email="maya@rapport.example", role_label="TAM, EMEA", initials="MO"),
        "nav": [
            O(key="cockpit", label="Cockpit", href="/cockpit", icon="layout-dashboard", badge=12),
            O(key="mentions", label="Mentions", href="/mentions", icon="at", badge=2),
            O(key="accounts", label="Accounts", href="/accounts", icon="building-skyscraper", badge=None),
            O(key="timeline", label="Timeline", href="/timeline", icon="timeline-event", badge=None),
            O(key="unmatched", label="Unmatched mail", href="/page/unmatched", icon="inbox", badge=14),
            O(key="templates", label="Email templates", href="/page/templates", icon="template", badge=None),
            O(key="outbox", label="Outbox", href="/outbox", icon="send", badge=3),
            O(key="extension", label="Gmail extension", href="/settings/extension", icon="puzzle", badge=None),
            O(key="mailbox", label="Mailbox", href="/mailbox", icon="mailbox", badge=None),
        ],
        "active": active,
        "crumbs": [O(label=label, href=href) for label, href in crumbs],
        "flashes": [O(tone=tone, text=text) for tone, text in flashes],
    }


def tabs(*names: str) -> list[O]:
    return [O(label=name, href=f"?tab={i}", count=i * 9 or None, current=i == 0) for i, name in enumerate(names)]


PRIORITIES = {"High": "danger", "Medium": "warning", "Low": "neutral"}
KICKOFF, RISK, RENEWAL = (
    O(label="Onboarding", icon="rocket"),
    O(label="Risk", icon="flame"),
    O(label="Renewal", icon="refresh"),
)


def cta(name: str, account: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": "c1",
        "name": name,
        "href": "/ctas/c1",
        "type": KICKOFF,
        "account": O(name=account, href="/accounts/a1", arr="$858,000", renews=moment("17 Apr 2027")),
        "next_task": next_task("Kickoff invitation", "Tue 24 Nov"),
        "tasks_done": 2,
        "tasks_total": 5,
        "priority": O(label="Medium", tone="warning"),
        "owner": O(name="Maya Ortiz"),
        "is_overdue": False,
        "status_key": "new",
        "due": moment("Tue 24 Nov"),
        "due_iso": "2026-11-24",
        "is_flagged": False,
        "is_open": True,
        "snoozed": None,
        "reasons": [],
    }
    return O(**(given | changes))


def next_task(title: str, due: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "title": title,
        "due": moment(due) if due else None,
        "is_email": True,
        "has_reply": False,
        "is_waiting": False,
        "write_href": "/page/compose",
    }
    return O(**(given | changes))


def usual_groups() -> list[O]:
    late = cta(
        "Usage fell by 40 %", "Blue Harbor Bank", type=RISK, is_overdue=True, priority=O(label="High", tone="danger")
    )
    late.next_task = next_task("Ask the sponsor for a call", "4 days ago", has_reply=True)
    strange = cta(
        f"Erneuerung {LONG}", LONG, type=RENEWAL, owner=O(name="李 小龍"), priority=O(label="Low", tone="neutral")
    )
    strange.account = O(name=LONG, href="/accounts/a2", arr=None, renews=None)
    strange.next_task = None
    today = [
        cta("Onboard Cobalt Systems", "Cobalt Systems"),
        cta("إطلاق المشروع", "شركة الطاقة", owner=O(name="Ines Laurent")),
    ]
    week = cta("120 days to renewal", "Helios Energy", type=RENEWAL, tasks_done=0, owner=O(name="Devin Cole"))
    week.next_task = next_task("Check license use", "", is_email=False, write_href=None)
    return [
        O(key="overdue", label="Overdue", tone="danger", ctas=[late]),
        O(key="today", label="Today", tone="warning", ctas=today),
        O(key="week", label="This week", tone="info", ctas=[week]),
        O(key="later", label="Later", tone="neutral", ctas=[]),
        O(key="none", label="No date", tone="neutral", ctas=[strange]),
    ]


BANNER = O(
    tone="warning",
    text="Connect your Gmail so that Rapport can send from your address.",
    href="/mailbox",
    label="Connect Gmail",
)


def contact(name: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": name.split()[0].lower(),
        "name": name,
        "title": "Chief Technology Officer",
        "email": f"{name.split()[0].lower()}@helios.example",
        "roles": ["Sponsor"],
        "opted_out": False,
        "notes": [],
        "role": "",
        "language": "German",
        "is_disabled": False,
        "is_chosen": False,
    }
    return O(**(given | changes))


def contacts() -> list[O]:
    return [
        contact("Priya Nair", roles=["Sponsor", "Decision maker"], is_chosen=True),
        contact(
            "Tom Becker",
            title="VP Engineering",
            roles=[],
            notes=[O(text="Mail came back", tone="danger"), O(text="Bob Lindqvist wrote 3 days ago", tone="warning")],
            is_chosen=True,
        ),
        contact("Jo Park", title="", opted_out=True, notes=[O(text="Opted out", tone="warning")], is_disabled=True),
        contact(
            "李 小龍",
            id="li",
            title="平台工程總監",
            email="a-very-long-address-that-never-ends@subsidiary.of.a.long.domain.example",
            roles=["Admin"],
        ),
    ]


MENU = {
    "change_href": "/tasks/t4/change",
    "snooze_href": "/tasks/t4/snooze",
    "remove_href": "/tasks/t4/remove",
    "colleagues": [{"value": "u1", "label": "Maya Ortiz"}],
    "owner_id": "u1",
    "due_on": "2026-11-24",
    "first": "2026-11-23",
    "last": "2027-11-24",
    "usual": "2026-11-30",
}


def task(id_: str, title: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": id_,
        "title": title,
        "kind": "email",
        "state": "open",
        "state_label": "Open",
        "instructions": "",
        "instructions_html": "",
        "after": [],
        "is_optional": False,
        "is_dropped": False,
        "log_href": None,
        "menu": None,
        "due": moment("Tue 24 Nov"),
        "is_overdue": False,
        "owner": O(name="Maya Ortiz"),
        "template_name": "Kickoff invitation v2",
        "compose_href": None,
        "toggle": None,
        "snooze": None,
        "is_moving": False,
        "poll_href": None,
        "sends": [],
        "problem": None,
        "waiting": None,
    }
    return O(**(given | changes))


def send(tone: str, label: str, to: str, **changes: Any) -> O:
    return O(
        **(
            {"tone": tone, "label": label, "to": to, "at": None, "later": "", "timeline_href": None}
            | {"outbox_href": "/emails/e1"}
            | changes
        )
    )


def waiting(state: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "state": state,
        "since": moment("3 days ago"),
        "silent": moment("Thu 26 Nov"),
        "away": "",
        "days": 3,
        "reply": None,
        "next": None,
        "wait_href": "/tasks/t/wait-longer",
        "done_href": "/tasks/t/complete",
    }
    return O(**(given | changes))


def waiting_tasks() -> list[O]:
    """Asleep, answered at length, come back, and silent with the next template."""
    text = "Thank you, Tuesday suits us.\n\n" + "Donaudampfschifffahrtsgesellschaft" * 8 + "\n> quoted" * 20
    reply = O(
        who="Maximiliane von Hohenstein-Oberndorf",
        at=moment("1 h ago"),
        text=text,
        why_hidden="",
        is_bounce=False,
        timeline_href="/accounts/a1#entry-e2",
        gmail_href="https://mail.example/1",
    )
    bounce = O(
        who="The customer",
        at=None,
        text="",
        why_hidden="Only Maya Ortiz can read the text: it is their own mail.",
        is_bounce=True,
        timeline_href=None,
        gmail_href=None,
    )
    away = "They are away and back on Mon 4 Jan, says an automatic reply."
    next_ = O(name="Kickoff invitation, a second time and with a somewhat longer name", href="/tasks/t14/email?next=1")
    labels = {"waiting": "Waiting for the customer", "replied": "Answered", "silent": "No answer"}
    sent = send("success", "Sent", "Priya Nair", at=moment("3 days ago"), timeline_href="/accounts/a1#entry-e1")
    later = send("info", "Scheduled", "Priya Nair", later="Tue 24 Nov 2026, 09:00 (America/Argentina/Buenos_Aires)")
    shown = [
        (waiting("waiting", away=away, wait_href=None), [sent, later]),
        (waiting("replied", reply=reply), [sent]),
        (waiting("replied", reply=bounce, done_href=None), [sent]),
        (waiting("silent", next=next_), [sent]),
    ]
    return [
        task(
            f"t{11 + number}",
            "Ask for the kickoff",
            state=wait.state,
            state_label=labels[wait.state],
            waiting=wait,
            sends=sends,
            compose_href=f"/tasks/t{11 + number}/email",
        )
        for number, (wait, sends) in enumerate(shown)
    ]


def tasks() -> list[O]:
    sent = send("success", "Sent", "Priya Nair", at=moment("2 min ago"), timeline_href="/accounts/a1#entry-e1")
    fix = O(label="Change the address", href="/accounts/a1", method="get")
    again = O(label="Reconnect Gmail", href="/mailbox/connect", method="post")
    return [
        task("t1", "Welcome email", state="done", state_label="Done", sends=[sent], compose_href="/tasks/t1/compose"),
        task(
            "t2",
            "Kickoff invitation",
            state="sending",
            state_label="Waiting",
            is_moving=True,
            poll_href="/moving/task",
            sends=[send("info", "Handed to Gmail", "Tom Becker")],
        ),
        task(
            "t3",
            "Send the agenda",
            compose_href="/tasks/t3/compose",
            instructions="Name the three goals of the first quarter.\nKeep it short.",
            instructions_html=Markup("<p>Name the <strong>three goals</strong>.</p><ul><li>Keep it short.</li></ul>"),
            after=["Kickoff invitation", LONG],
            is_optional=True,
        ),
        task(
            "t4",
            "Book the room",
            kind="todo",
            template_name="",
            toggle=O(href="/tasks/t4/done", label="Mark done"),
            log_href="/tasks/t4/log",
            menu=MENU,
            is_overdue=True,
            due=moment("2 days ago"),
        ),
        task(
            "t8",
            "Ask for the numbers of the quarter",
            kind="todo",
            state="snoozed",
            state_label="Snoozed",
            template_name="",
            toggle=O(href="/tasks/t8/done", label="Mark done"),
            snooze=O(through=moment("Sat 12 Dec"), reason=f"Away until then. {LONG}", wake_href="/tasks/t8/wake"),
        ),
        task(
            "t5",
            f"Prüfen: {LONG}",
            kind="todo",
            state="done",
            state_label="Done",
            template_name="",
            owner=None,
            toggle=O(href="/tasks/t5/open", label="Reopen"),
        ),
        task(
            "t6",
            "Survey",
            sends=[send("danger", "Failed", "Sam Holt")],
            compose_href="/tasks/t6/compose",
            problem=O(
                text="sam@helios.example does not exist.",
                cure="Ask for the right address, change it, and write again.",
                action=fix,
            ),
        ),
        task(
            "t7",
            "Recap",
            problem=O(
                text="Gmail no longer lets Rapport in.",
                cure="Reconnect your mailbox; the email then goes out by itself.",
                action=again,
            ),
        ),
    ]


def cta_page(**changes: Any) -> dict[str, Any]:
    account = O(
        name="Helios Energy",
        href="/accounts/a1",
        stage="Onboarding",
        arr="$858,000",
        renews=moment("17 Apr 2027"),
        tam=O(name="Maya Ortiz"),
    )
    one = O(
        id="c1",
        name="Onboard Helios Energy",
        type=KICKOFF,
        priority=O(label="High", tone="danger"),
        status=O(label="In progress", tone="info"),
        due=moment("Fri 27 Nov"),
        is_overdue=False,
        opened=moment("5 days ago"),
        reason="New customer",
        review=moment("17 Mar 2027"),
        is_flagged=True,
        closed=None,
        snooze=None,
        owner=O(name="Maya Ortiz"),
        playbook="Onboarding",
        account=account,
        tasks_done=2,
        tasks_total=8,
    )
    entries = [
        O(
            icon="mail-forward",
            tone="info",
            subject="Welcome to Helios onboarding",
            at=moment("2 min ago"),
            href="/accounts/a1#entry-e1",
        )
    ]
    page = {
        "cta": one,
        "tasks": tasks(),
        "contacts": contacts(),
        "entries": entries,
        "timeline_href": "/accounts/a1",
        "mailbox_banner": None,
    }
    return (
        base(crumbs=(("Cockpit", "/cockpit"), (one.name, None)), flashes=(("success", "2 emails are on their way."),))
        | page
        | changes
    )
