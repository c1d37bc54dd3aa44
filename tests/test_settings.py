"""The environment: read once, all that is wrong said at once, nothing of development in production."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, new_token_key

GOOD = {
    "RAPPORT_ENV": "production",
    "RAPPORT_BASE_URL": "https://rapport.example.com",
    "DATABASE_URL": "postgresql://rapport:pw@db/rapport",
    "REDIS_URL": "redis://queue:6379/0",
    "SECRET_KEY": "k" * 32,
    "TOKEN_KEYS": base64.urlsafe_b64encode(b"k" * 32).decode(),
    "GOOGLE_CLIENT_ID": "client.apps.googleusercontent.com",
    "GOOGLE_CLIENT_SECRET": "GOCSPX-something",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def test_an_empty_environment_is_a_development_machine() -> None:
    settings = Settings.from_env({})
    assert settings.env == "development"
    assert settings.base_url == "http://127.0.0.1:8400"
    assert settings.database_url.startswith("sqlite:////")
    assert settings.redis_is_embedded
    assert not settings.secure_cookies
    assert not settings.is_production


def test_a_whole_production_environment_is_accepted() -> None:
    settings = Settings.from_env(GOOD)
    assert settings.is_production
    assert settings.secure_cookies
    assert settings.database_url == "postgresql+psycopg://rapport:pw@db/rapport"
    assert not settings.redis_is_embedded


def test_production_names_everything_that_is_missing_at_once() -> None:
    found = problems_of({"RAPPORT_ENV": "production"})
    missing = [name for name in GOOD if name != "RAPPORT_ENV"]
    assert sorted(problem.split(" ")[0] for problem in found) == sorted(missing)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RAPPORT_ENV", "prod", "RAPPORT_ENV is 'prod'"),
        ("RAPPORT_BASE_URL", "http://rapport.example.com", "not https"),
        ("RAPPORT_BASE_URL", "rapport.example.com", "give an address"),
        ("RAPPORT_BASE_URL", "https://", "give an address"),
        ("RAPPORT_BASE_URL", "https://[::1", "give an address"),
        ("RAPPORT_BASE_URL", "https://host:99999", "give an address"),
        ("RAPPORT_BASE_URL", "https://user:pw@host", "give an address"),
        ("RAPPORT_BASE_URL", "https://host/rapport", "give an address"),
        ("RAPPORT_BASE_URL", "https://host/?a=1", "give an address"),
        ("RAPPORT_SANDBOX_URL", "http://127.0.0.1:8401", "RAPPORT_SANDBOX_URL is set"),
        ("DATABASE_URL", "mysql://db/rapport", "DATABASE_URL is not one"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL is not one"),
        ("DATABASE_URL", "sqlite:///", "DATABASE_URL is not one"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL is not one"),
        ("DATABASE_URL", "postgresql://", "DATABASE_URL is not one"),
        ("REDIS_URL", "queue:6379", "REDIS_URL is not one"),
        ("SECRET_KEY", "k" * 31, "shorter than 32"),
        ("SECRET_KEY", "development-only-not-a-secret", "everybody knows"),
        ("TOKEN_KEYS", "not a key", "key 1, is not a key"),
        ("TOKEN_KEYS", f"{'A' * 43}=,ü", "key 2, is not a key"),
        ("TOKEN_KEYS", " , ,", "holds no key"),
        (
            "TOKEN_KEYS",
            base64.urlsafe_b64encode(b"development-only-not-a-secret!!!").decode(),
            "the one of development",
        ),
        ("GOOGLE_CLIENT_ID", "rapport-sandbox", "everybody knows"),
        ("GOOGLE_CLIENT_SECRET", "rapport-sandbox-secret", "everybody knows"),
        ("GOOGLE_HOSTED_DOMAIN", "https://example.com", "give a domain"),
        ("GOOGLE_HOSTED_DOMAIN", "me@example.com", "give a domain"),
        ("RAPPORT_BIND", "8400", "RAPPORT_BIND is '8400'"),
        ("RAPPORT_BIND", "0.0.0.0:web", "RAPPORT_BIND"),
        ("RAPPORT_LOG_FORMAT", "xml", "use one of json, console"),
    ],
)
def test_a_bad_value_is_named_and_is_the_only_complaint(name: str, value: str, said: str) -> None:
    [problem] = problems_of({**GOOD, name: value})
    assert name in problem
    assert said in problem


def test_bad_and_missing_values_are_listed_together() -> None:
    environ = {**GOOD, "REDIS_URL": "x", "SECRET_KEY": "short", "RAPPORT_LOG_FORMAT": "xml"}
    del environ["DATABASE_URL"]
    names = {problem.split(" ")[0] for problem in problems_of(environ)}
    assert names == {"REDIS_URL", "SECRET_KEY", "RAPPORT_LOG_FORMAT", "DATABASE_URL"}


@pytest.mark.parametrize("name", ["SECRET_KEY", "TOKEN_KEYS", "GOOGLE_CLIENT_SECRET", "DATABASE_URL", "REDIS_URL"])
def test_a_complaint_never_repeats_a_secret(name: str) -> None:
    value = "hunter2hunter2"
    found = problems_of({**GOOD, name: value, "RAPPORT_ENV": "production", "RAPPORT_LOG_FORMAT": "xml"})
    assert not any(value in problem for problem in found)


def test_what_is_secret_does_not_show_when_settings_are_printed() -> None:
    shown = repr(Settings.from_env(GOOD))
    for name in ("SECRET_KEY", "TOKEN_KEYS", "GOOGLE_CLIENT_SECRET", "DATABASE_URL"):
        assert GOOD[name] not in shown
    assert ":pw@" not in shown
    assert "https://rapport.example.com" in shown


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n")
    environ = {**GOOD, "SECRET_KEY_FILE": str(file)}
    del environ["SECRET_KEY"]
    assert Settings.from_env(environ).secret_key == "s" * 40


def test_a_secret_in_both_places_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40)
    assert problems_of({**GOOD, "SECRET_KEY_FILE": str(file)}) == [
        "Both SECRET_KEY and SECRET_KEY_FILE are set: keep one."
    ]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe\0", "UTF-8")]
)
@pytest.mark.parametrize("env", ["production", "development"])
def test_a_secret_file_that_holds_nothing_stops_the_start_everywhere(
    tmp_path: Path, env: str, content: bytes | None, said: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    environ = {**GOOD, "RAPPORT_ENV": env, "SECRET_KEY_FILE": str(file)}
    del environ["SECRET_KEY"]
    found = problems_of(environ)
    assert any(problem.startswith("SECRET_KEY_FILE") and said in problem for problem in found)


@pytest.mark.parametrize("url", ["https://rapport.example.com", "http://192.168.1.20:8400", "http://rapport"])
def test_forgetting_to_say_production_does_not_put_known_secrets_before_the_world(url: str) -> None:
    found = problems_of({"RAPPORT_BASE_URL": url, "RAPPORT_SANDBOX_URL": "http://127.0.0.1:8401"})
    names = {problem.split(" ")[0].rstrip(",") for problem in found}
    assert {"SECRET_KEY", "TOKEN_KEYS", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "RAPPORT_SANDBOX_URL"} <= names


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://Rapport.Example.com/", "https://rapport.example.com"),
        ("https://rapport.example.com:443", "https://rapport.example.com"),
        ("https://rapport.example.com:8443/", "https://rapport.example.com:8443"),
    ],
)
def test_the_base_url_is_kept_as_browsers_spell_an_origin(url: str, kept: str) -> None:
    assert Settings.from_env({**GOOD, "RAPPORT_BASE_URL": url}).base_url == kept


@pytest.mark.parametrize("url", ["http://localhost:8400", "http://[::1]:8400", "http://127.0.0.1:9000"])
def test_development_on_this_machine_needs_nothing(url: str) -> None:
    assert Settings.from_env({"RAPPORT_BASE_URL": url}).base_url == url


def test_the_hosted_domain_is_compared_in_lower_case() -> None:
    assert Settings.from_env({**GOOD, "GOOGLE_HOSTED_DOMAIN": "Example.COM"}).google_hosted_domain == "example.com"


def test_a_new_token_key_is_accepted() -> None:
    key = new_token_key()
    assert Settings.from_env({**GOOD, "TOKEN_KEYS": f"{key},{GOOD['TOKEN_KEYS']}"}).token_keys[0] == key


def test_nothing_of_settings_can_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings.from_env({}).secret_key = "other"  # type: ignore[misc]


def test_an_extension_of_this_checkout_is_let_in_where_nobody_else_can_come() -> None:
    assert len(Settings.from_env({}).extension_ids) == 1
    assert Settings.from_env(GOOD).extension_ids == ()
    named = "abcdefghijklmnopabcdefghijklmnop"
    assert Settings.from_env({"RAPPORT_EXTENSION_IDS": named}).extension_ids == (named,)
