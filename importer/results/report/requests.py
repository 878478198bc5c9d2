"""Whole requests as they may be shown: their shape, without the person."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

import orjson

from importer.masking import masked_id

_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def shown(body: bytes) -> str:
    """The request as indented JSON, as it is posted but for the key."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()


def hidden(body: bytes, known: Container[str]) -> str:
    """The same without personal values: IDs with their e-mail addresses masked; of texts that don't
    stand in the mapping (`known`), the first letter and the length. Scores, dates and other numbers
    stay."""
    request: dict[str, Any] = orjson.loads(body)
    for name in ("userId", "anonymousId"):
        if name in request:
            request[name] = masked_id(request[name])
    traits = request.get("traits", {})
    traits.update({name: _hidden(value, known) for name, value in traits.items()})
    for answer in request["answers"]:
        answer["value"] = _hidden(answer["value"], known)
    return orjson.dumps(request, option=orjson.OPT_INDENT_2).decode()


def _hidden(value: object, known: Container[str]) -> object:
    return initial(value) if isinstance(value, str) and value not in known else value


def initial(text: str) -> str:
    """`J… (13 characters)`; e-mail addresses as `j***@example.com`; dates as they are sent."""
    if not text or _DATE.fullmatch(text):
        return text
    if masked_id(text) != text and not text.split()[1:]:
        return masked_id(text)
    return f"{text[:1]}… ({len(text):,} characters)"
