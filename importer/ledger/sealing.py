"""Sealing: what the ledger must hold of people in the clear for a while is encrypted, under the hash key."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from importer.errors import LedgerError

_NONCE = 12
"""Bytes, as AES-GCM takes them. They are drawn anew for each record: 2**32 records are far away."""


class Seal:
    """AES-256-GCM under a key made of the ledger's secret. Whoever has the ledger without that reads
    nothing, and what was changed or moved to another place isn't opened."""

    def __init__(self, secret: bytes) -> None:
        # Here: it takes some milliseconds, which most commands need not wait for.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._secret = secret
        key = hashlib.blake2b(b"account", key=secret, person=b"importer seal").digest()[:32]
        self._cipher = AESGCM(key)

    def person(self, user_id: str) -> bytes:
        """The keyed hash by which a userId's records are found, whatever the survey."""
        named = b"user\0" + user_id.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._secret, digest_size=16).digest()

    def close(self, value: object, place: bytes) -> bytes:
        """A JSON value, sealed; `place` is where it belongs, and has to be said again to open it."""
        # In ASCII: half a surrogate, which JSON may hold, comes back as it was.
        return self.close_bytes(json.dumps(value, separators=(",", ":")).encode(), place)

    def close_bytes(self, content: bytes, place: bytes) -> bytes:
        """The same for any content."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> Any:
        """The value. Raises LedgerError where it was sealed under another key, changed, or moved."""
        return json.loads(self.open_bytes(sealed, place))

    def open_bytes(self, sealed: bytes, place: bytes) -> bytes:
        """The content of `close_bytes`. Raises LedgerError likewise."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError) as error:
            raise LedgerError(
                "What the ledger keeps of the account can't be opened: it was changed, or the hash key is "
                "another one.",
                hint="Set SATISMETER_HASH_KEY (or the state folder's hash.key) as it was.",
            ) from error
