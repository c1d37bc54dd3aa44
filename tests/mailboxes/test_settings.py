"""What can be set of reading mailboxes and of mail that comes in."""

from __future__ import annotations

import pytest

from server.settings import Settings, SettingsError
from tests.conftest import PUSH


def test_without_a_word_mailboxes_are_polled_each_minute_and_nothing_comes_in() -> None:
    settings = Settings.from_env({})
    assert settings.poll_interval_s == 60
    assert (settings.gmail_push_topic, settings.gmail_push_audience, settings.gmail_push_service_account) == (None,) * 3
    assert (settings.inbound_domain, settings.inbound_trusted_mx) == (None, None)
    assert settings.inbound_bind == "127.0.0.1:8025"


def test_all_of_it_can_be_set() -> None:
    inbound = {"RAPPORT_INBOUND_DOMAIN": "In.Rapport.example", "RAPPORT_INBOUND_TRUSTED_MX": "mx.rapport.example"}
    bind = {"RAPPORT_POLL_SECONDS": "5", "RAPPORT_INBOUND_BIND": "0.0.0.0:2525"}
    settings = Settings.from_env({**PUSH, **inbound, **bind})
    assert settings.poll_interval_s == 5
    assert settings.gmail_push_topic == PUSH["GMAIL_PUSH_TOPIC"]
    assert settings.gmail_push_audience == PUSH["GMAIL_PUSH_AUDIENCE"]
    assert settings.gmail_push_service_account == PUSH["GMAIL_PUSH_SERVICE_ACCOUNT"]
    assert settings.inbound_domain == "in.rapport.example"
    assert settings.inbound_trusted_mx == "mx.rapport.example"
    assert settings.inbound_bind == "0.0.0.0:2525"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"RAPPORT_POLL_SECONDS": "4"}, "from 5 to 3600"),
        ({"RAPPORT_POLL_SECONDS": "3601"}, "from 5 to 3600"),
        ({"RAPPORT_POLL_SECONDS": "soon"}, "from 5 to 3600"),
        ({"RAPPORT_POLL_SECONDS": "-60"}, "from 5 to 3600"),
        ({"RAPPORT_POLL_SECONDS": "²"}, "from 5 to 3600"),
        ({"GMAIL_PUSH_TOPIC": ""}, "set GMAIL_PUSH_TOPIC"),
        ({"GMAIL_PUSH_TOPIC": "", "GMAIL_PUSH_AUDIENCE": ""}, "set GMAIL_PUSH_TOPIC, GMAIL_PUSH_AUDIENCE"),
        ({"GMAIL_PUSH_TOPIC": "gmail"}, "projects/<project>/topics/<topic>"),
        ({"GMAIL_PUSH_SERVICE_ACCOUNT": "push"}, "the address of a service account"),
        ({"RAPPORT_INBOUND_DOMAIN": "https://in.rapport.example"}, "give a domain"),
        ({"RAPPORT_INBOUND_BIND": "8025"}, "127.0.0.1:8025"),
        ({"RAPPORT_INBOUND_TRUSTED_MX": "mx"}, "give a domain"),
    ],
)
def test_a_bad_value_is_named_with_its_cure(changed: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({**PUSH, **changed})
    (problem,) = caught.value.problems
    assert said in problem
