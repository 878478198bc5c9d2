"""Metrics in Prometheus's text format, for node_exporter's textfile collector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from importer.model import Status
from importer.notices.notice import Notice

_SUCCESS = "importer_last_success_timestamp_seconds"
_KEPT = re.compile(rf"^{_SUCCESS}\{{.*\}} (\d+(?:\.\d+)?)$", re.MULTILINE)

Sample = tuple[Mapping[str, str], float]


def last_success(text: str) -> float | None:
    """When the last import without trouble ended, as an earlier metrics file says; None where it
    doesn't."""
    found = _KEPT.search(text)
    return float(found[1]) if found else None


def metrics(notice: Notice, success: float | None) -> str:
    """The file's text. `success`: when the last import without trouble ended, if that was another."""
    named = {"mapping": notice.mapping}
    rows = [({**named, "status": each}, notice.rows.get(each, 0)) for each in Status]
    success = notice.at if notice.well else success
    families = (
        (
            "importer_last_run_timestamp_seconds",
            "When the last import ended.",
            [(named, notice.at)],
        ),
        (
            _SUCCESS,
            "When the last import with exit status 0 ended.",
            [] if success is None else [(named, success)],
        ),
        ("importer_exit_code", "Its exit status.", [(named, int(notice.exit_status))]),
        ("importer_duration_seconds", "How long it took.", [(named, notice.seconds)]),
        ("importer_requests", "Requests that it made.", [(named, notice.requests)]),
        ("importer_rows_read", "Rows of its file.", [(named, notice.rows.get("read", 0))]),
        ("importer_rows", "Rows of its file by how they ended.", rows),
    )
    return "".join(line for family in families for line in _family(*family))


def _family(name: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {told}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield (
            f"{name}{{{shown}}} {value:.3f}\n" if value % 1 else f"{name}{{{shown}}} {value:.0f}\n"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
