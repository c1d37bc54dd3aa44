"""How the image and its containers are confined. Docker cannot run where these tests run: the files are read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.supply_chain.image import wrong_in_compose, wrong_in_dockerfile, wrong_with_image
from tools.supply_chain.locks import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    said: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "compose.yaml")
    return said


def test_the_image_runs_as_nobody_in_particular_holds_no_secret_and_stands_on_exact_versions() -> None:
    assert wrong_in_dockerfile(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("USER 10001\n", "", "the last USER is not a number other than 0"),
        ("USER 10001\n", "USER rapport\n", "the last USER is not a number other than 0"),
        ("USER 10001\n", "USER 0\n", "the last USER is not a number other than 0"),
        ("USER 10001\n", "USER 10001\nUSER root\n", "the last USER is not a number other than 0"),
        ("ENV ", "ENV SECRET_KEY=hush ", "SECRET_KEY is a secret in the image"),
        ("ENV ", "ARG TOKEN_KEYS\nENV ", "TOKEN_KEYS is a secret in the image"),
        ("python:3.11.14-slim-bookworm", "python:3.11-slim", "python:3.11-slim is not an exact version"),
        ("python:3.11.14-slim-bookworm", "python", "python is not an exact version"),
        ("python:", "registry.example/python:", "registry.example/python:3.11.14-slim-bookworm names a registry"),
    ],
)
def test_an_image_that_is_worse_is_noticed(old: str, new: str, said: str) -> None:
    assert old in DOCKERFILE
    assert wrong_in_dockerfile(DOCKERFILE.replace(old, new, 1)) == [said]


@pytest.mark.parametrize("image", ["postgres:16", "valkey/valkey:latest", "valkey/valkey:8.1", "node:20-slim"])
def test_a_tag_that_moves_is_no_exact_version(image: str) -> None:
    assert wrong_with_image(image) == [f"{image} is not an exact version"]


def test_every_container_is_confined() -> None:
    assert set(compose()["services"]) == {"upgrade", "web", "worker", "clock", "postgres", "valkey"}
    assert wrong_in_compose(compose()) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"read_only": False}, "its file system can be written"),
        ({"tmpfs": []}, "no /tmp in memory"),
        ({"cap_drop": ["NET_RAW"]}, "keeps its capabilities"),
        ({"security_opt": []}, "may gain privileges"),
        ({"privileged": True}, "is privileged"),
        ({"user": "0:0"}, "runs as root"),
        ({"network_mode": "host"}, "shares a space with the host"),
        ({"cap_add": ["CHOWN"]}, "our own program needs no capability"),
        ({"ports": ["8400:8400"]}, "is open to other machines"),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "mounts the host's folders"),
        ({"environment": {"SECRET_KEY": "hush"}}, "SECRET_KEY is a secret in the environment"),
    ],
)
def test_a_container_that_is_worse_is_noticed(changed: dict[str, Any], said: str) -> None:
    worse = compose()
    worse["services"]["web"] = {**worse["services"]["web"], **changed}
    assert wrong_in_compose(worse) == [f"web: {said}"]


def test_secrets_come_as_files_that_stay_out_of_git_and_of_the_image() -> None:
    said = compose()
    assert {one["file"].rsplit("/", 1)[0] for one in said["secrets"].values()} == {"./secrets"}
    for service in said["services"].values():
        given = {
            value.removeprefix("/run/secrets/")
            for value in service["environment"].values()
            if str(value).startswith("/run/secrets/")
        } if "environment" in service else set()  # fmt: skip
        assert given == set(service.get("secrets", ()))
    for ignored in (".gitignore", ".dockerignore"):
        assert re.search(r"^secrets/?$", (ROOT / ignored).read_text(encoding="utf-8"), re.MULTILINE), ignored


def test_git_and_what_is_only_for_development_stay_out_of_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "tests", "var", "node_modules", ".venv"} <= set(left_out)
    assert "--require-hashes" in DOCKERFILE
    assert "requirements/dev.txt" not in DOCKERFILE
    assert not re.search(r"COPY (--\S+ )*\. ", DOCKERFILE)
