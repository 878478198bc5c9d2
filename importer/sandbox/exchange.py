"""What the sandbox remembers of a request."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Exchange:
    """One request and what became of it; filled in as it goes on.

    `arrived` and `answered` are monotonic seconds (`answered` is 0 while the reply is being worked
    on), `complete` whether the whole body came, `person` the userId or anonymousId, `fault` what was
    done to it ("" for a plain answer), `stored` the new response's id, `status` that of the reply
    (0 where a fault wrote it, or there was none). `body` are the bytes as they came, write key and all.
    """

    number: int
    method: str
    path: str
    arrived: float
    connection: str
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    person: str = ""
    fault: str = ""
    stored: str = ""
    status: int = 0
    answered: float = 0.0
