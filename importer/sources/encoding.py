"""The encoding of a text file: its BOM, else UTF-8 where all of it is valid, else a guess."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import BinaryIO

from importer.errors import SourceError
from importer.sources.alphabets import plausible
from importer.sources.files import Content
from importer.sources.table import KnownBy

_BLOCK = 1 << 20
_EVIDENCE = 1 << 17
"""Bytes of lines with other letters than ASCII's, by which encodings are told apart."""
_LONGEST_LINE = 64 << 20
"""Bytes: lines are held in memory whole."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""A character of CESU-8, which Oracle and old MySQL call UTF-8: two surrogates of three bytes each."""
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec, how it is known, and lines that show a guess at work, by their numbers.
    `formulas`: `="` stands somewhere in the file."""

    codec: str
    known_by: KnownBy
    samples: Mapping[int, str] = field(default_factory=dict)
    formulas: bool = False


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one pass over the bytes shows. `evidence`: lines that are not plain ASCII, each with its
    number from 1."""

    head: bytes
    valid_utf8: bool
    evidence: Sequence[tuple[int, bytes]]
    formulas: bool


def detect(content: Content, given: str | None) -> Encoding:
    """The encoding of a text file; `given` overrules what its bytes look like (not a UTF-8 BOM)."""
    with content.open() as stream:
        survey = _surveyed(content, stream)
    return replace(_found(survey, given), formulas=survey.formulas)


def _joined(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that mean nothing: the character of a CESU-8 pair, else �."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = _HALVES.match(error.object, error.start) if error.encoding == "utf-8" else None
    if not pair:
        return "\ufffd", error.end
    halves = pair[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le"), pair.end()


ERRORS = "importer.joined"
"""The name of the error handler that a text is decoded with."""
codecs.register_error(ERRORS, _joined)


def _found(survey: _Survey, given: str | None) -> Encoding:
    bom = next((codec for mark, codec in _BOMS if survey.head.startswith(mark)), "")
    if given:
        return Encoding(_known(given, bom), KnownBy.GIVEN)
    if bom:
        return Encoding(bom, KnownBy.BOM)
    wide = _without_bom(survey.head)
    if wide:
        text = survey.head.decode(wide, "replace").splitlines()
        lines = [(at, line.encode(wide, "replace")) for at, line in enumerate(text, 1)]
        return _shown(wide, lines)
    if survey.valid_utf8:
        return Encoding("utf-8", KnownBy.UTF_8)
    evidence = b"\n".join(line for _, line in survey.evidence)
    return _shown(plausible(evidence), survey.evidence)


def _shown(codec: str, evidence: Sequence[tuple[int, bytes]]) -> Encoding:
    lines = ((number, line.decode(codec, ERRORS)) for number, line in evidence)
    return Encoding(codec, KnownBy.GUESSED, dict(_samples(lines)))


_OF_NO_FILE = frozenset({"unicode-escape", "raw-unicode-escape", "idna", "punycode"})
"""Python's own, in which a backslash of a text means something, and those of names of hosts."""
_PLAIN = "Az,;\t\r\n"


def _codec(given: str) -> str:
    """Its name in Python; "" where it is no encoding of texts."""
    try:
        codec = codecs.lookup(given).name
        whole = _PLAIN.encode(codec).decode(codec) == _PLAIN
    except (LookupError, ValueError):
        return ""
    return codec if whole and codec not in _OF_NO_FILE else ""


def _known(given: str, bom: str) -> str:
    codec = _codec(given)
    if not codec:
        raise SourceError(
            f"there is no encoding called {given!r}.",
            hint="Common ones: utf-8, cp1252 (Windows), mac_roman, latin-1, utf-16, shift_jis.",
        )
    if codec in {"utf-16", "utf-32"} and not bom.startswith(codec):
        raise SourceError(
            f"the text isn't {codec}: no byte order mark stands at its top.",
            hint=f"Without one it is {codec}-le or {codec}-be; leave the encoding out, and it is found.",
        )
    wide = codec.removesuffix("-le").removesuffix("-be")
    return bom if bom.removesuffix("-sig") in (codec, wide) else codec


def _surveyed(content: Content, stream: BinaryIO) -> _Survey:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    head, valid, line, formulas = b"", True, 0, False
    evidence, room, number = list[tuple[int, bytes]](), _EVIDENCE, 1
    for block in _blocks(stream):
        formulas = formulas or b'="' in block
        head = head or block[: 1 << 16]
        valid = valid and _decodes(decoder, block)
        if room > 0 and not block.isascii():
            found = [(at, each[:room]) for at, each in _not_ascii(block, number)]
            evidence += found
            room -= sum(len(each) for _, each in found)
        if room > 0:
            number += max(block.count(b"\n"), block.count(b"\r"))
        line = _bytes_since_line_end(block, line)
        if line > _LONGEST_LINE:
            raise SourceError(
                f"{content.name} has a line of more than {_LONGEST_LINE >> 20} MiB.",
                hint="That is not a table of survey answers; export it as CSV or XLSX.",
            )
    return _Survey(head, valid and _decodes(decoder, b"", final=True), evidence, formulas)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _not_ascii(block: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    """The odd lines of a block, with their numbers: some of them, where there are many."""
    room = _EVIDENCE
    for number, line in enumerate(block.splitlines(), first):
        if room > 0 and not line.isascii():
            room -= len(line)
            yield number, line


def _bytes_since_line_end(block: bytes, before: int) -> int:
    last = max(block.rfind(b"\n"), block.rfind(b"\r"))
    return before + len(block) if last < 0 else len(block) - last


def _without_bom(head: bytes) -> str:
    """UTF-16 or UTF-32 without a BOM, told by where the NUL bytes of its ASCII characters lie."""
    if head.count(b"\0") * 10 < len(head):
        return ""
    for codec in _WIDE:
        text = head[: len(head) // 4 * 4].decode(codec, "replace")
        possible = not any(char in "\0\ufffd" for char in text)
        if possible and any(char in ",;\t\r\n" for char in text):
            return codec
    return ""


def _samples(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Three different lines at most, cut to what stands around their first odd character."""
    seen = set[str]()
    for number, line in lines:
        odd = next((at for at, char in enumerate(line) if char > "\x7f"), None)
        if odd is None or len(seen) == 3:
            continue
        sample = line[max(odd - 25, 0) : odd + 35].strip()
        if sample not in seen:
            seen.add(sample)
            yield number, sample


_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x9f]")
"""All of them (category Cc) but white space and Ctrl-Z, with which old files end."""


def refuse_binary(name: str, sample: str) -> None:
    """Raise SourceError where the start of a text is full of what no text holds."""
    odd = len(_CONTROL.findall(sample))  # by its category, each letter took a hundred times as long
    if odd > 8 and odd * 50 > len(sample):
        raise SourceError(
            f"{name} is not text: it is full of control characters.",
            hint="Export it as CSV or XLSX. If it is text, name its encoding.",
        )


# Lines and the bytes at which they begin: where a text can be cut, as `csv.DelimitedTable.cuts` does.


def line_codec(codec: str) -> str:
    """The codec for one line of a text in `codec`, where its line breaks can be found among the bytes, and
    each line be decoded by itself: UTF-8, and encodings of one byte a letter that have ASCII's breaks. "" for
    every other."""
    if codec in ("utf-8", "utf-8-sig"):
        return "utf-8"
    if codec in ("ascii", "iso8859-1"):
        return codec
    try:
        table = getattr(import_module(f"encodings.{codec.replace('-', '_')}"), "decoding_table", "")
    except ImportError:
        return ""
    breaks = [at for at, letter in enumerate(table) if letter in "\r\n"]
    return codec if breaks == [0x0A, 0x0D] and table[0x0A] == "\n" else ""


class Lines:
    """The lines of a text, as `io.TextIOWrapper(newline="")` has them; `starts` are the bytes at which those
    begin that were taken since it was last emptied, `at` is where the next one does."""

    def __init__(self, stream: io.BufferedReader, codec: str) -> None:
        self.starts: list[int] = []
        self.at = 0
        self._codec = codec
        self._lines = _lines(stream)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.starts.append(self.at)
        self.at += len(line)
        return line.decode(self._codec, ERRORS)


def _lines(stream: io.BufferedReader) -> Iterator[bytes]:
    left = b""
    while block := stream.read(_BLOCK):
        lines = (left + block).splitlines(keepends=True)
        # A \r at its end may be half of a \r\n.
        left = b"" if block.endswith(b"\n") else lines.pop()
        yield from lines
    if left:
        yield left
