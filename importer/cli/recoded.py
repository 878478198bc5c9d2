"""How a plan tells of recoded answers: what stands in the file, what is sent, and the NPS of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.cli import output
from importer.results.scores import signed

if TYPE_CHECKING:
    from importer.mapping.recoding import Recoding, Recodings, Value
    from importer.masking import Show

_MOST = 15


def tell(recodings: Recodings, show: Show) -> None:
    """Each recoded answer, then the texts that `values:` doesn't have."""
    for each in recodings.listed():
        output.heading(f"Recoded: {each.label!r} to {each.type}")
        output.table(
            ("in the file", "rows", "sent as"),
            [(_text(value, show), value.count, _sent(value)) for value in each.values[:_MOST]],
        )
        if len(each.values) > _MOST:
            output.say(f"  … and {len(each.values) - _MOST} more values")
        _nps(each)
    _unmapped(recodings, show)


def _text(value: Value, show: Show) -> str:
    text = " ".join(value.text.split())
    return text if value.named else show(text)


def _sent(value: Value) -> str:
    return "no answer" if value.sent is None else str(value.sent)


def _nps(recoding: Recoding) -> None:
    before, after = recoding.nps_before, recoding.nps_after
    if after is None:
        return
    if before is None:
        output.say(f"  NPS of what is sent: {signed(after)}; the file's own texts have none.")
    else:
        output.say(f"  NPS {signed(before)} by the file's own numbers, {signed(after)} as sent.")


def _unmapped(recodings: Recodings, show: Show) -> None:
    found = recodings.unmapped()
    if not found:
        return
    output.heading("Values that the mapping's `values:` doesn't have")
    output.table(
        ("column", "value", "rows", "first in row"),
        [(each.column[:40], show(each.text), each.count, each.first) for each in found[:_MOST]],
    )
    if len(found) > _MOST:
        output.say(f"  … and {len(found) - _MOST} more")


def document(recodings: Recodings, show: Show) -> dict[str, object]:
    """As JSON."""
    recoded = [
        {
            "answer": each.answer,
            "column": each.column,
            **({"wave": each.wave} if each.wave else {}),
            "type": each.type,
            "values": [
                {"text": _text(value, show), "rows": value.count, "sent": value.sent}
                for value in each.values
            ],
            "nps_before": each.nps_before,
            "nps_after": each.nps_after,
        }
        for each in recodings.listed()
    ]
    unmapped = [
        {"column": each.column, "value": show(each.text), "rows": each.count, "first": each.first}
        for each in recodings.unmapped()
    ]
    return {"recoded": recoded, "unmapped_values": unmapped}
