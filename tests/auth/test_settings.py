"""Where people sign in: what can be set, and what is wrong with it."""

from __future__ import annotations

import pytest

from server.auth.models import ROLE_LABELS, Role
from server.settings import Settings, SettingsError
from server.sign_in_settings import ROLES
from tests.test_settings import GOOD

OKTA = {
    "OIDC_ISSUER": "https://example.okta.com/oauth2/default",
    "OIDC_CLIENT_ID": "0oa1",
    "OIDC_CLIENT_SECRET": "the-secret-of-okta",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return caught.value.problems


def test_without_a_word_people_sign_in_with_google_as_mailboxes_do() -> None:
    oidc = Settings.from_env(GOOD).oidc
    assert (oidc.issuer, oidc.name, oidc.is_google) == ("https://accounts.google.com", "Google", True)
    assert (oidc.client_id, oidc.client_secret) == (GOOD["GOOGLE_CLIENT_ID"], GOOD["GOOGLE_CLIENT_SECRET"])
    assert (oidc.groups_claim, oidc.roles, oidc.scopes) == ("groups", (), ())


def test_in_the_sandbox_people_sign_in_there() -> None:
    oidc = Settings.from_env({"RAPPORT_SANDBOX_URL": "http://127.0.0.1:8401"}).oidc
    assert (oidc.issuer, oidc.name, oidc.is_google) == ("http://127.0.0.1:8401", "Google", True)


def test_another_provider_is_set_by_itself() -> None:
    more = {
        "OIDC_NAME": "Okta",
        "OIDC_GROUPS_CLAIM": "teams",
        "OIDC_ROLES": " CS-TAM = tam, CN=Ops=admin ,Team Lead=manager,,",
        "OIDC_SCOPES": "groups  email offline_access groups",
    }
    settings = Settings.from_env({**GOOD, **OKTA, **more})
    oidc = settings.oidc
    assert (oidc.issuer, oidc.name, oidc.is_google) == (OKTA["OIDC_ISSUER"], "Okta", False)
    assert (oidc.client_id, oidc.client_secret) == ("0oa1", "the-secret-of-okta")
    assert settings.google_client_id == GOOD["GOOGLE_CLIENT_ID"], "mailboxes stay with Google"
    assert oidc.roles == (("CS-TAM", "tam"), ("CN=Ops", "admin"), ("Team Lead", "manager"))
    assert (oidc.groups_claim, oidc.scopes) == ("teams", ("groups", "offline_access"))
    assert "the-secret-of-okta" not in repr(settings)


def test_a_button_without_a_name_does_not_say_google() -> None:
    assert Settings.from_env({**GOOD, **OKTA}).oidc.name == "example.okta.com"


@pytest.mark.parametrize("issuer", ["https://a.example/", "https://a.example/realms/x", "https://A.example:8443"])
def test_an_issuer_is_kept_to_the_letter(issuer: str) -> None:
    assert Settings.from_env({**GOOD, **OKTA, "OIDC_ISSUER": issuer}).oidc.issuer == issuer


def test_a_secret_may_stand_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("secrets") / "oidc"
    file.write_text("from-a-file\n")
    environ = {**GOOD, **OKTA, "OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": str(file)}
    assert Settings.from_env(environ).oidc.client_secret == "from-a-file"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"OIDC_ISSUER": "example.okta.com"}, "OIDC_ISSUER is 'example.okta.com': give"),
        ({"OIDC_ISSUER": "https://"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://host:99999"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://[::1"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://u:p@host"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://host/?tenant=1"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://host/#a"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "https://host/a b"}, "give the issuer's address"),
        ({"OIDC_ISSUER": "http://sso.example.com"}, "not https://"),
        ({"OIDC_ISSUER": "http://127.0.0.1:8080"}, "not https://"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is missing, and its fellow is set"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET is missing, and its fellow is set"),
        ({"OIDC_NAME": "O" * 41}, "OIDC_NAME is"),
        ({"OIDC_NAME": "Ok\nta"}, "OIDC_NAME is"),
        ({"OIDC_GROUPS_CLAIM": "my groups"}, "OIDC_GROUPS_CLAIM is 'my groups'"),
        ({"OIDC_ROLES": "CS-TAM"}, "OIDC_ROLES has 'CS-TAM': give group=role, with one of admin, manager, tam"),
        ({"OIDC_ROLES": "=tam"}, "OIDC_ROLES has '=tam'"),
        ({"OIDC_ROLES": "CS-TAM=boss"}, "OIDC_ROLES has 'CS-TAM=boss'"),
        ({"OIDC_ROLES": "CS-TAM=Tam"}, "OIDC_ROLES has 'CS-TAM=Tam'"),
        ({"OIDC_ROLES": "a=tam,b=viewer,a=admin"}, "gives 'a' two roles, tam and admin"),
        ({"OIDC_SCOPES": "groups,offline"}, "OIDC_SCOPES has 'groups,offline'"),
        ({"OIDC_SCOPES": 'a"b'}, "OIDC_SCOPES has"),
        ({"GOOGLE_HOSTED_DOMAIN": "example.com"}, "GOOGLE_HOSTED_DOMAIN is set, but OIDC_ISSUER"),
    ],
)
def test_a_bad_value_is_named_with_its_cure_and_is_the_only_complaint(changed: dict[str, str], said: str) -> None:
    [problem] = problems_of({**GOOD, **OKTA, **changed})
    assert said in problem
    assert "the-secret-of-okta" not in problem


def test_another_provider_needs_a_client_of_its_own_everywhere() -> None:
    for environ in (GOOD, {}):
        found = problems_of({**environ, "OIDC_ISSUER": OKTA["OIDC_ISSUER"]})
        assert [problem.split(" ")[0] for problem in found] == ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("issuer", "is_allowed"),
    [
        ("http://127.0.0.1:4100/oauth2/default", True),
        ("http://localhost:4100", True),
        ("http://[::1]:4100", True),
        ("http://192.168.1.20:4100", False),
        ("http://127.evil.example", False),
        ("http://localhost.evil.example", False),
    ],
)
@pytest.mark.parametrize("env", ["development", "test"])
def test_only_a_provider_on_this_machine_may_do_without_tls(env: str, issuer: str, is_allowed: bool) -> None:
    environ = {**OKTA, "RAPPORT_ENV": env, "OIDC_ISSUER": issuer}
    if is_allowed:
        assert Settings.from_env(environ).oidc.issuer == issuer
    else:
        [problem] = problems_of(environ)
        assert "not https://" in problem


def test_what_looks_like_this_machine_and_is_not_is_asked_for_its_secrets() -> None:
    assert any(
        "SECRET_KEY is missing" in problem for problem in problems_of({"RAPPORT_BASE_URL": "http://127.evil.example"})
    )


def test_the_settings_know_every_role() -> None:
    assert set(ROLES) == set(Role) == set(ROLE_LABELS)
