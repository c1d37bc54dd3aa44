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
    return samples.base(active="") | {"rows": rows, "urls": O(end_others="/act", sign_out="/act")}


def _row(browser: str, **changes: Any) -> O:
    words = {"seen": "just now", "opened": "yesterday", **changes}
    given = {"browser": browser, "icon": "device-desktop", "is_here": False, "ip": "198.51.100.23", "end_href": "/act"}
    times = {name: samples.moment(words.pop(name)) for name in ("seen", "opened")}
    return O(**{**given, **words, **times})
