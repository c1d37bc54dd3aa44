"""Secrets at rest: Fernet with rotating keys, each ciphertext bound to the row it belongs to.

Fernet has no associated data, so the owner is a prefix of the plaintext and is checked on opening: a ciphertext
that was moved to another row does not open there.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class VaultError(Exception):
    """The ciphertext does not open with these keys, or belongs to another row."""


class Vault:
    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: Fernet keys, newest first; the first one seals, all of them open."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, owner: str, secret: str) -> str:
        """`owner` names the row, such as "mailbox:<id>"."""
        if "\n" in owner:
            raise ValueError("an owner's name is one line: the first line break ends it")
        return self._fernet.encrypt(f"{owner}\n{secret}".encode()).decode()

    def open(self, owner: str, sealed: str) -> str:
        try:
            found_owner, _, secret = self._fernet.decrypt(sealed.encode()).decode().partition("\n")
        except InvalidToken as error:
            raise VaultError("The stored secret does not open with the present TOKEN_KEYS.") from error
        if found_owner != owner:
            raise VaultError("The stored secret belongs to another row.")
        return secret
