"""Groups decide who may come in and as what, where the admin wants it so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from server.auth.models import User
from server.auth.recognise import Policy, recognise
from server.errors import Forbidden
from server.ports.sign_in import Identity
from server.runtime import Runtime
from tests.cast import ALICE, BOB, Book

ROLES = (("CS-TAM", "tam"), ("CS-Ops", "admin"), ("Leads", "manager"), ("Sales", "viewer"), ("Audit", "auditor"))
OKTA = "https://example.okta.com"


def identity(email: str = "zoe@rapport.example", *groups: str, **changed: Any) -> Identity:
    given = {
        "issuer": OKTA,
        "subject": f"00u-{email}",
        "email": email,
        "email_verified": True,
        "name": "Zoë Quinn",
        "hosted_domain": None,
        "groups": groups,
    }
    return Identity(**{**given, **changed})


def come_in(runtime: Runtime, who: Identity, roles: tuple[tuple[str, str], ...] = ROLES) -> User:
    with runtime.db.transaction() as session:
        return recognise(session, who, policy=Policy(provider="Okta", roles=roles), now=runtime.clock.now())


def refusal(runtime: Runtime, who: Identity, roles: tuple[tuple[str, str], ...] = ROLES) -> str:
    with pytest.raises(Forbidden) as caught:
        come_in(runtime, who, roles)
    assert caught.value.cure
    return caught.value.detail


def count_users(runtime: Runtime) -> int:
    with runtime.db.reading() as session:
        return session.scalar(select(func.count(User.id))) or 0


def test_somebody_unknown_with_a_group_that_may_is_added(runtime: Runtime, book: Book) -> None:
    before = count_users(runtime)
    zoe = come_in(runtime, identity("zoe@rapport.example", "CS-TAM", "Everyone"))
    assert (zoe.email, zoe.name, zoe.role) == ("zoe@rapport.example", "Zoë Quinn", "tam")
    assert (zoe.issuer, zoe.subject) == (OKTA, "00u-zoe@rapport.example")
    assert come_in(runtime, identity("zoe@rapport.example", "CS-TAM")).id == zoe.id
    assert count_users(runtime) == before + 1


def test_without_groups_in_the_settings_nobody_is_added_by_themselves(runtime: Runtime, book: Book) -> None:
    before = count_users(runtime)
    assert refusal(runtime, identity("zoe@rapport.example", "CS-Ops"), ()) == "Your Okta account is not known here."
    assert count_users(runtime) == before
    bob = come_in(runtime, identity(BOB, "CS-Ops"), ())
    assert (bob.id, bob.role) == (book.bob, "tam"), "and no group changes a role"


def test_somebody_whom_an_admin_added_is_bound_and_gets_the_role_of_their_groups(runtime: Runtime, book: Book) -> None:
    alice = come_in(runtime, identity(ALICE, "CS-Ops"))
    assert (alice.id, alice.role, alice.name) == (book.alice, "admin", "Alice Moreau")


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (("CS-TAM", "CS-Ops", "Sales"), "admin"),
        (("CS-TAM", "Leads"), "manager"),
        (("Sales", "Audit", "CS-TAM"), "tam"),
        (("Sales", "Audit"), "auditor"),
        (("Sales", "cs-ops", "CS-Ops "), "viewer"),
    ],
)
def test_of_several_groups_the_strongest_role_counts(
    runtime: Runtime, book: Book, groups: tuple[str, ...], role: str
) -> None:
    assert come_in(runtime, identity(ALICE, *groups)).role == role


def test_the_role_follows_the_groups_at_every_sign_in(runtime: Runtime, book: Book) -> None:
    for groups, role in ((("CS-Ops",), "admin"), (("Sales",), "viewer"), (("CS-TAM",), "tam")):
        assert come_in(runtime, identity(ALICE, *groups)).role == role


def test_somebody_without_a_group_that_may_stays_out_and_what_they_were_stays(runtime: Runtime, book: Book) -> None:
    come_in(runtime, identity(ALICE, "CS-Ops"))
    for groups in ((), ("Everyone",)):
        assert refusal(runtime, identity(ALICE, *groups)) == "None of your groups at Okta may use Rapport."
    with runtime.db.reading() as session:
        assert session.get_one(User, book.alice).role == "admin"
    before = count_users(runtime)
    assert "None of your groups" in refusal(runtime, identity("zoe@rapport.example", "Everyone"))
    assert count_users(runtime) == before


def test_a_provider_that_tells_no_groups_is_named_as_the_reason(runtime: Runtime, book: Book) -> None:
    assert "does not say which groups" in refusal(runtime, identity(ALICE, groups=None))


def test_groups_do_not_make_an_address_ones_own(runtime: Runtime, book: Book) -> None:
    before = count_users(runtime)
    for email in (ALICE, "zoe@rapport.example"):
        assert "not confirmed" in refusal(runtime, identity(email, "CS-Ops", email_verified=False))
    assert count_users(runtime) == before
    with runtime.db.reading() as session:
        assert session.get_one(User, book.alice).subject is None


def test_nobody_takes_over_a_person_by_their_address(runtime: Runtime, book: Book) -> None:
    come_in(runtime, identity(ALICE, "CS-TAM"))
    for other in ({"subject": "00u-2"}, {"issuer": "https://evil.example"}):
        assert "signs in with another account" in refusal(runtime, identity(ALICE, "CS-Ops", **other))
    with runtime.db.reading() as session:
        assert session.get_one(User, book.alice).role == "tam"


def test_the_same_subject_of_another_issuer_is_somebody_else(runtime: Runtime, book: Book) -> None:
    alice = come_in(runtime, identity(ALICE, "CS-TAM", subject="1"))
    bob = come_in(runtime, identity(BOB, "CS-TAM", subject="1", issuer="https://other.example"))
    assert (alice.id, bob.id) == (book.alice, book.bob)


def test_groups_do_not_let_somebody_in_whose_access_was_ended(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        session.get_one(User, book.alice).deactivated_at = runtime.clock.now()
    assert refusal(runtime, identity(ALICE, "CS-Ops")) == "Your access was ended."


def test_of_many_first_sign_ins_at_once_one_adds_the_person(runtime: Runtime, book: Book) -> None:
    before = count_users(runtime)
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: come_in(runtime, identity("zoe@rapport.example", "CS-TAM")).id, range(6)))
    assert len(found) == 1
    assert count_users(runtime) == before + 1


def test_of_two_accounts_with_one_address_at_once_one_comes_in(runtime: Runtime, book: Book) -> None:
    def attempt(subject: str) -> bool:
        try:
            come_in(runtime, identity(ALICE, "CS-TAM", subject=subject))
        except Forbidden:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, ("a", "b", "c", "d"))).count(True) == 1
