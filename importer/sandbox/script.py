"""How behaviours are written: on the command line, and in a script file.

`ok`, a fault's name, `503`, or `503+2` (with `Retry-After: 2`); a share of all inserts is
`503:0.1`. In a script, an object says more: `{"status": 500, "stores": true, "body": {…},
"headers": {…}, "delay": 0.5}` or `{"fault": "late", "delay": 1}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from importer.errors import UsageError
from importer.sandbox.faults import FAULTS
from importer.sandbox.settings import Behaviour, Share

_KEYS = frozenset({"fault", "status", "body", "headers", "stores", "delay"})


def behaviour(written: object) -> Behaviour:
    """What is written, as a behaviour; UsageError where it is none."""
    if isinstance(written, int) and not isinstance(written, bool):
        return _status(str(written), "")
    if isinstance(written, str):
        return _named(written)
    if isinstance(written, dict):
        return _described(written)
    raise UsageError(f"{written!r} is no behaviour of the sandbox.", hint=__doc__ or "")


def share(written: str) -> Share:
    """`FAULT` or `FAULT:SHARE`, with a share from 0 to 1."""
    name, colon, part = written.partition(":")
    try:
        value = float(part) if colon else 1.0
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(
            f"{written!r}: the share is a number from 0 to 1.", hint="For example --fail 503:0.1"
        )
    return Share(behaviour(name), value)


def script(path: Path) -> Mapping[str, tuple[Behaviour, ...]]:
    """A script file: an object with a list of behaviours for each userId or anonymousId."""
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is not JSON: {error}.") from error
    if not isinstance(document, dict) or not all(isinstance(v, list) for v in document.values()):
        raise UsageError(
            f"{path} is no script.", hint='Write {"USER": ["503+1", "close_stored", "ok"]}.'
        )
    return {person: tuple(map(behaviour, steps)) for person, steps in document.items()}


def _named(name: str) -> Behaviour:
    status, plus, seconds = name.partition("+")
    if status.isascii() and status.isdigit():
        return _status(status, seconds if plus else "")
    if name != "ok" and name not in FAULTS:
        raise UsageError(
            f"{name!r} is no fault that the sandbox knows.",
            hint="A status such as 503 or 503+2 (Retry-After), ok, or one of: " + ", ".join(FAULTS),
        )
    return Behaviour(name)


def _status(status: str, retry_after: str) -> Behaviour:
    if not 200 <= int(status) <= 599:
        raise UsageError(f"{status} is no status that a reply can have.", hint="200 to 599.")
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Behaviour("status", int(status), headers=headers)


def _described(written: Mapping[str, object]) -> Behaviour:
    unknown = set(written) - _KEYS
    if unknown or ("fault" in written) == ("status" in written):
        raise UsageError(
            f"{dict(written)!r}: a behaviour has either a fault or a status.",
            hint=f"Its keys are {', '.join(sorted(_KEYS))}.",
        )
    base = behaviour(written.get("fault", written.get("status")))
    headers, delay = written.get("headers", {}), written.get("delay", 0)
    if not isinstance(headers, dict) or not isinstance(delay, int | float):
        raise UsageError(f"{dict(written)!r}: headers is an object, delay a number of seconds.")
    return Behaviour(
        fault=base.fault,
        status=base.status,
        body=written.get("body"),
        headers={**base.headers, **{str(name): str(value) for name, value in headers.items()}},
        stores=written.get("stores") is True,
        delay=float(delay),
    )
