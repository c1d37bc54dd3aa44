"""A new key for the grants, and the old one may go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from server.mailboxes import tokens
from server.mailboxes.cli import mailboxes
from server.mailboxes.models import Mailbox
from server.mailboxes.reseal import Resealed, reseal_all
from server.settings import new_token_key
from server.vault import Vault, VaultError
from tests.mailboxes.reader import Reader


def grant_of(reader: Reader, vault: Vault) -> str:
    with reader.runtime.db.reading() as session:
        return tokens.unseal(vault, session.get_one(Mailbox, reader.mailbox_id)).refresh_token


def test_after_a_new_key_all_grants_open_with_it_alone(reader: Reader) -> None:
    (old,) = reader.runtime.settings.token_keys
    new = new_token_key()
    before = grant_of(reader, reader.runtime.vault)
    both = replace(reader.runtime, vault=Vault([new, old]))
    with pytest.raises(VaultError):
        grant_of(reader, Vault([new]))
    found = CliRunner().invoke(mailboxes, ["reseal"], obj=both)
    assert (found.exit_code, found.output) == (0, "1 grants are sealed with the first key.\n")
    assert grant_of(reader, Vault([new])) == before
    assert reseal_all(reader.runtime.db, Vault([new])) == Resealed(sealed=1, unopened=())


def test_a_grant_that_opens_with_no_key_is_named_and_left_alone(reader: Reader) -> None:
    before = grant_of(reader, reader.runtime.vault)
    strange = replace(reader.runtime, vault=Vault([new_token_key()]))
    found = CliRunner().invoke(mailboxes, ["reseal"], obj=strange)
    assert found.exit_code == 1
    assert f"{reader.email}: opens with none of TOKEN_KEYS" in found.output
    assert grant_of(reader, reader.runtime.vault) == before
