"""What is wrong with a Dockerfile or a compose file, in words."""

from __future__ import annotations

import re
from typing import Any

_SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|KEY|CREDENTIAL|DATABASE_URL", re.IGNORECASE)
_EXACT = re.compile(r"[^\s:@]+(:\d+\.\d+(\.\d+)?[\w.-]*|@sha256:[0-9a-f]{64}|:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64})")


def wrong_in_dockerfile(text: str) -> list[str]:
    """The last stage is what runs; base images and secrets are looked at in all of them."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    steps = [tuple(line.split(None, 1)) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    found = [*_wrong_bases(steps), *_wrong_variables(steps)]
    last_stage = steps[max(number for number, step in enumerate(steps) if step[0] == "FROM") :]
    users = [step[1].strip() for step in last_stage if step[0] == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:\d+)?", users[-1]):
        found.append("the last USER is not a number other than 0")
    return found


def _wrong_bases(steps: list[tuple[str, ...]]) -> list[str]:
    found: list[str] = []
    stages: set[str] = set()
    for step in steps:
        if step[0] == "FROM":
            image, *rest = step[1].split()
            if image not in stages:
                found += wrong_with_image(image)
            stages.update(rest[1:])
    return found


def wrong_with_image(image: str) -> list[str]:
    host = image.split("/")[0]
    found = [f"{image} names a registry"] if "/" in image and re.search(r"[.:]|^localhost$", host) else []
    exact = _EXACT.fullmatch(image) and (image.startswith("postgres:") or re.search(r":\d+\.\d+\.\d+|@sha256:", image))
    return found if exact else [*found, f"{image} is not an exact version"]


def _wrong_variables(steps: list[tuple[str, ...]]) -> list[str]:
    names = [
        name
        for step in steps
        if step[0] in ("ENV", "ARG")
        for name in re.findall(r"(?:^|\s)(\w+)(?==|\s|$)", step[1])
        if _SECRET.search(name) and not name.endswith("_FILE")
    ]
    return [f"{name} is a secret in the image" for name in names]


def wrong_in_compose(said: dict[str, Any]) -> list[str]:
    return [f"{name}: {problem}" for name, service in said["services"].items() for problem in _wrong_service(service)]


def _wrong_service(service: dict[str, Any]) -> list[str]:
    checks = {
        "its file system can be written": service.get("read_only") is True,
        "no /tmp in memory": "/tmp" in service.get("tmpfs", ()),
        "keeps its capabilities": service.get("cap_drop") == ["ALL"],
        "may gain privileges": "no-new-privileges:true" in service.get("security_opt", ()),
        "is privileged": not service.get("privileged"),
        "runs as root": str(service.get("user", "")).split(":")[0] not in ("0", "root"),
        "shares a space with the host": not {"pid", "ipc", "network_mode"} & set(service),
        "may do too much": set(service.get("cap_add", ())) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
        "our own program needs no capability": "image" in service or not service.get("cap_add"),
        "is open to other machines": all(str(one).startswith("127.0.0.1:") for one in service.get("ports", ())),
        "mounts the host's folders": not any(
            str(one).startswith(("/", ".", "~")) for one in service.get("volumes", ())
        ),
    }
    found = [problem for problem, holds in checks.items() if not holds]
    found += wrong_with_image(service["image"]) if "image" in service else []
    names = [name for name in service.get("environment", {}) if _SECRET.search(name) and not name.endswith("_FILE")]
    return found + [f"{name} is a secret in the environment" for name in names]
