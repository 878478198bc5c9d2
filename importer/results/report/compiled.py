"""Where compiled templates lie: beside the compiled Python, and by its rule: hardly a start compiles any."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from importer import __version__


class CompiledTemplates(FileSystemBytecodeCache):
    """Known by the template's text, and by the versions of Python, Jinja2 and the importer: a changed one is
    compiled anew. Where nothing may be written (PYTHONDONTWRITEBYTECODE, a folder of root's) each start
    compiles them."""

    def __init__(self) -> None:
        versions = f"{__version__}.{sys.implementation.cache_tag}"
        super().__init__(str(Path(cache_from_source(__file__)).parent), f"%s.{versions}.jinja")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write it down, where that may be."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)
