"""The pages: facts go into a template, and text can't break out of it."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from importer import __version__
from importer.model import counted, duration
from importer.privacy import UNSEEN, short
from importer.results.files import whole
from importer.results.report.facts import Report

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment


def write(path: Path, report: Report) -> None:
    """Write the page of a plan or a run; readable by its owner only."""
    with whole(path) as file:
        file.write(page(report))


def page(report: Report) -> str:
    return rendered("report.html.jinja", report=report)


def prepare() -> None:
    """Compile the templates (0.1 s of CPU, the first time): a run does so before it sends, since once it is
    told to stop there is no time for that."""
    for name in _environment().list_templates(["jinja"]):
        _environment().get_template(name)


def rendered(template: str, **facts: object) -> str:
    """A page's HTML, of a template of this room and what it speaks of."""
    return _environment().get_template(template).render(facts)


def templates(package: str, filters: Iterable[Callable[..., object]]) -> Environment:
    """The templates of a room that writes pages: what they are told is escaped, and has nothing unseen."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=seen,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )
    environment.filters |= {each.__name__: each for each in filters}
    return environment


def _compiled() -> BytecodeCache:
    """Compiled templates lie beside the compiled Python, and by its rule, so hardly a start compiles any:
    known by their text, and by the versions of Python, Jinja2 and the importer. Where nothing may be written
    (PYTHONDONTWRITEBYTECODE, a folder of root's) each start compiles them."""
    from jinja2 import FileSystemBytecodeCache
    from jinja2.bccache import Bucket

    class Compiled(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            if not sys.dont_write_bytecode:
                with suppress(OSError):
                    super().dump_bytecode(bucket)

    versions = f"{__version__}.{sys.implementation.cache_tag}"
    return Compiled(str(Path(cache_from_source(__file__)).parent), f"%s.{versions}.jinja")


@cache
def _environment() -> Environment:
    """Made with the first page: most commands write none, and need no Jinja2."""
    from importer.results.report import charts
    from importer.results.report import facts as words
    from importer.results.report.facts import cut_short, per_cent, sentence

    filters = (
        *(counted, duration, minute, thousands, tenth, code_parts, numeric),
        *(cut_short, per_cent, sentence, short),
    )
    environment = templates("importer.results.report", filters)
    style = Path(__file__).with_name("templates") / "style.css"
    text = style.read_text(encoding="utf-8")
    environment.globals.update(charts=charts, words=words)
    environment.globals.update(style=text, policy=_policy(text))
    return environment


def seen(value: object) -> object:
    """Every value on its way into a page: text without what nobody sees. It is escaped after this."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return UNSEEN.sub(_replaced, value)
    return value


def _replaced(found: re.Match[str]) -> str:
    """A page has its own white space."""
    return found[0] if found[0] in "\t\n" else "\N{REPLACEMENT CHARACTER}"


def _policy(style: str) -> str:
    """Nothing but this very style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def minute(moment: float) -> str:
    """`2026-03-01 02:30 UTC`, of Unix seconds."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def thousands(number: int) -> str:
    """`13,954`."""
    return f"{number:,}"


def tenth(value: object) -> object:
    """Coordinates to a tenth: nobody sees more. Other values as they are."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def code_parts(text: str) -> Sequence[str]:
    """A sentence cut at its backticks: every second part is code. Whole where one has no partner."""
    parts = text.split("`")
    return parts if len(parts) % 2 else [text]


def numeric(rows: Sequence[Sequence[object]], header: Sequence[str]) -> Sequence[bool]:
    """Of each column of a table, whether it holds whole numbers and nothing else."""

    return [
        bool(rows) and all(isinstance(row[column], int) for row in rows)
        for column in range(len(header))
    ]
