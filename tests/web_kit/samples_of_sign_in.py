"""Sample contexts of the sign-in page and of the page of one's own sessions."""

from types import SimpleNamespace as O
from typing import Any

import samples

LONG_HOST = "identity-platform-for-all-staff.contoso.example"
PEOPLE = [
    O(name="Maya Ortiz", email="maya@rapport.example", role="TAM"),
    O(name="Devin Cole", email="devin@rapport.example", role="Manager"),
]


def doors() -> dict[str, tuple[str, dict[str, Any]]]:
    google = O(name="Google", icon="brand-google")
    given: dict[str, Any] = {"next_path": "", "error": None, "sandbox_people": [], "provider": google}
    refused = "Google did not let you in. Try again, or choose another account."
    no_group = f"None of your groups at {LONG_HOST} may use Rapport. Ask your admin to put you into one that may."
    return {
        "sign-in": ("auth/sign_in.html", given),
        "sign-in-sandbox": ("auth/sign_in.html", given | {"error": refused, "sandbox_people": PEOPLE}),
        "sign-in-elsewhere": (
            "auth/sign_in.html",
            given | {"error": no_group, "provider": O(name=LONG_HOST, icon="key")},
        ),
    }


def sessions(others: bool = True) -> dict[str, Any]:
    here = _row("Firefox on Linux", is_here=True, ip="2001:0db8:85a3:08d3:1319:8a2e:0370:7344", opened="2 h ago")
    more = [
        _row("Samsung Internet on Android", icon="device-mobile", seen="4 min ago", opened="6 d ago"),
        _row("Edge on Windows", seen="11 h ago", ip="203.0.113.7"),
        _row("An unknown browser", seen="12 Nov 2026", ip=None, opened="12 Nov 2026"),
    ]
    rows = [here, *(more if others else [])]
    devices = [_device("Chrome on macOS"), _device("an unknown browser", ip=None)] if others else []
    urls = O(end_others="/act", sign_out="/act", tokens="/page/tokens")
    return samples.base(active="") | {"rows": rows, "devices": devices, "urls": urls}


MAY = ["see accounts, contacts, timelines, CTAs and templates", "read the mail that you may read", "send emails as you"]


def _device(browser: str, ip: str | None = "198.51.100.23") -> O:
    return O(
        words=f"Gmail extension in {browser}",
        scopes=MAY,
        ip=ip,
        opened=samples.moment("6 d ago"),
        seen=samples.moment("4 min ago"),
        end_href="/act",
    )


def authorize() -> dict[str, Any]:
    urls = O(answer="/act", sessions="/page/sessions")
    return samples.base(active="") | {
        "browser": "Chrome on macOS",
        "scopes": MAY,
        "lives": O(silent=60, absolute=180),
        "fields": {"state": "opaque"},
        "urls": urls,
    }


def tokens(*, is_made: bool = False, is_wrong: bool = False, is_empty: bool = False) -> dict[str, Any]:
    rows = [
        _token("Nightly report of renewals for the leadership of the whole region", ["read"], seen="2 h ago"),
        _token("audit", ["read", "mail", "tasks", "send", "audit"], seen=None),
    ]
    return samples.base(active="") | {
        "made": O(name="Nightly report", token="rapport_pt_" + "x7" * 21 + "Q") if is_made else None,
        "problem": "No scope was chosen. Choose from: read, mail, tasks, send." if is_wrong else "",
        "wrong": ["scope"] if is_wrong else [],
        "given": O(name="Nightly report" if is_wrong else "", days="90", scopes=[] if is_wrong else ["read"]),
        "rows": [] if is_empty else rows,
        "scopes": [O(name=name, words=words) for name, words in zip(("read", "mail", "send"), MAY, strict=True)],
        "lives": [O(value=days, label=f"{days} days") for days in ("30", "90", "365")],
        "urls": O(create="/act", docs="/api/docs"),
    }


def _token(name: str, scopes: list[str], seen: str | None) -> O:
    return O(
        name=name,
        scopes=scopes,
        created=samples.moment("12 Nov 2026"),
        expires=samples.moment("10 Feb 2027"),
        seen=samples.moment(seen) if seen else None,
        ip="2001:0db8:85a3:08d3:1319:8a2e:0370:7344" if seen else None,
        end_href="/act",
    )


def _row(browser: str, **changes: Any) -> O:
    words = {"seen": "just now", "opened": "yesterday", **changes}
    given = {"browser": browser, "icon": "device-desktop", "is_here": False, "ip": "198.51.100.23", "end_href": "/act"}
    times = {name: samples.moment(words.pop(name)) for name in ("seen", "opened")}
    return O(**{**given, **words, **times})
