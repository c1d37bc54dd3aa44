"""Addresses of persons who were erased on request: only keyed hashes are kept, by which they are known again.

Whoever reads mail or adds contacts asks here. An admin can let an address in again, when the person comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.contacts.addresses import match_key
from server.contacts.models import ErasedAddress, ErasureKey
from server.db import insert_if_absent
from server.errors import Conflict

_THE_KEY = uuid.UUID(int=1)
CURE = "An admin can let the address in again under Personal data, if the person wants that."


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasedAddresses:
    """All of them, for many questions at once. Without a key nobody was ever erased."""

    key: str = ""
    hashes: frozenset[str] = frozenset()

    def holds(self, norm: str) -> bool:
        """Whether this address, however it is spelled, is that of an erased person."""
        return bool(self.hashes) and _hash(self.key, "address", match_key(norm)) in self.hashes

    def holds_salesforce_id(self, salesforce_id: str) -> bool:
        return bool(self.hashes) and _hash(self.key, "salesforce_id", salesforce_id) in self.hashes


NOBODY = ErasedAddresses()


def load(session: Session) -> ErasedAddresses:
    found = session.get(ErasureKey, _THE_KEY)
    if found is None:
        return NOBODY
    return ErasedAddresses(key=found.key, hashes=frozenset(session.scalars(select(ErasedAddress.key_hash))))


def demand_not_erased(session: Session, norm: str) -> None:
    """Raises Conflict for an address whose person was erased."""
    if load(session).holds(norm):
        what = f"The person with the address {norm} was erased on request: nothing of them is stored again."
        raise Conflict(what, cure=CURE)


def hash_of_address(session: Session, norm: str) -> str:
    """Made with the key, which is made by the first who asks in a transaction."""
    return _hash(_key(session), "address", match_key(norm))


def receipt_of(session: Session, norm: str) -> uuid.UUID | None:
    """The receipt of the erasure by which this address is known; None for one that was never erased."""
    found = session.get(ErasureKey, _THE_KEY)
    if found is None:
        return None
    wanted = _hash(found.key, "address", match_key(norm))
    return session.scalars(select(ErasedAddress.receipt_id).where(ErasedAddress.key_hash == wanted)).one_or_none()


def remember(
    session: Session, norms: Iterable[str], *, salesforce_id: str | None, receipt_id: uuid.UUID, now: datetime
) -> None:
    """Nothing of these is stored again."""
    key = _key(session)
    hashes = {_hash(key, "address", match_key(norm)) for norm in norms}
    if salesforce_id is not None:
        hashes.add(_hash(key, "salesforce_id", salesforce_id))
    for one in sorted(hashes):
        insert_if_absent(session, ErasedAddress(key_hash=one, receipt_id=receipt_id, erased_at=now))


def let_in(session: Session, norm: str) -> int:
    """Forget the erasure that this address was part of, with all its addresses; how many hashes that were."""
    receipt_id = receipt_of(session, norm)
    if receipt_id is None:
        return 0
    gone = delete(ErasedAddress).where(ErasedAddress.receipt_id == receipt_id).returning(ErasedAddress.id)
    return len(session.scalars(gone).all())


def erased_among(session: Session, norms: Collection[str], salesforce_ids: Collection[str]) -> bool:
    erased = load(session)
    return any(map(erased.holds, norms)) or any(map(erased.holds_salesforce_id, salesforce_ids))


def _key(session: Session) -> str:
    insert_if_absent(session, ErasureKey(id=_THE_KEY, key=secrets.token_hex(32)))
    return session.get_one(ErasureKey, _THE_KEY).key


def _hash(key: str, kind: str, value: str) -> str:
    return hmac.new(key.encode(), f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()
