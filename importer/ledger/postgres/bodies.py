"""Requests kept in the ledger until their job ends: compressed, and sealed with a key that isn't there."""

from __future__ import annotations

import hashlib
import marshal
import os
import zlib
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from importer.errors import LedgerError
from importer.ledger.postgres.database import PostgresDatabase

PART = 1_000
"""Rows that are compressed together."""
_NONCE = 12


class Bodies:
    """The requests of one job. `secret` keys the ledger's hashes; the seal's key is made of it."""

    def __init__(self, database: PostgresDatabase, job: int, secret: bytes) -> None:
        self._db = database
        self._job = job
        key = hashlib.blake2b(b"bodies", key=secret, digest_size=32).digest()
        self._seal = AESGCM(key)

    def put(self, shard: int, part: int, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keep the requests of some rows of a lane, by their `seq`; the same part again would be an error."""
        plain = zlib.compress(marshal.dumps(list(rows), 2), 6)
        nonce = os.urandom(_NONCE)
        blob = nonce + self._seal.encrypt(nonce, plain, self._place(shard, part))
        self._db.run("bodies_put", job=self._job, part=part, shard=shard, blob=blob)

    def get(self, shard: int) -> Iterator[tuple[int, bytes]]:
        """The requests of a lane, in the order in which they were kept. Raises LedgerError where they were
        sealed with another key, or changed since."""
        for part, blob in self._db.each("bodies_get", job=self._job, shard=shard):
            sealed = bytes(blob)
            place = self._place(shard, part)
            try:
                plain = self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
            except InvalidTag:
                raise LedgerError(
                    f"The requests of job {self._job} in the ledger can't be unsealed.",
                    hint="Set SATISMETER_HASH_KEY as it was when the job was staged.",
                ) from None
            # sealed, so nobody else has made it; JSON would take twice the time
            yield from marshal.loads(zlib.decompress(plain))  # noqa: S302

    def remove(self) -> None:
        """All of them go."""
        self._db.run("bodies_removed", job=self._job)

    def _place(self, shard: int, part: int) -> bytes:
        """Bound into the seal, so that no part can take another's place."""
        return f"{self._job} {shard} {part}".encode()
