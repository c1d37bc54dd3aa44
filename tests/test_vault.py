"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from server.vault import Vault, VaultError

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def test_what_is_sealed_opens_for_its_owner() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("mailbox:1", "a secret\nof two lines")
    assert "secret" not in sealed
    assert vault.open("mailbox:1", sealed) == "a secret\nof two lines"
    assert vault.seal("mailbox:1", "x") != vault.seal("mailbox:1", "x")


@pytest.mark.parametrize("owner", ["mailbox:2", "mailbox:", "mailbox:1 ", ""])
def test_what_was_moved_to_another_row_does_not_open_there(owner: str) -> None:
    vault = Vault([NEW])
    with pytest.raises(VaultError):
        vault.open(owner, vault.seal("mailbox:1", "x"))


def test_after_a_change_of_keys_old_secrets_still_open_and_new_ones_use_the_new_key() -> None:
    sealed = Vault([OLD]).seal("m", "x")
    both = Vault([NEW, OLD])
    assert both.open("m", sealed) == "x"
    assert Vault([NEW]).open("m", both.seal("m", "y")) == "y"
    with pytest.raises(VaultError):
        Vault([NEW]).open("m", sealed)


@pytest.mark.parametrize("sealed", ["", "nonsense", "é", "gAAAAA"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(VaultError):
        Vault([NEW]).open("m", sealed)


def test_a_changed_letter_is_noticed() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("m", "x")
    changed = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    with pytest.raises(VaultError):
        vault.open("m", changed)


def test_an_owners_name_is_one_line() -> None:
    with pytest.raises(ValueError, match="one line"):
        Vault([NEW]).seal("a\nb", "x")
