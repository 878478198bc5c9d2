"""Which encoding a text file has: its BOM, else UTF-8 where all of it is valid, else a guess."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from importer.errors import SourceError
from importer.loader.alphabets import plausible
from importer.loader.content import Content
from importer.loader.facts import KnownBy

_BLOCK = 1 << 20
_EVIDENCE = 1 << 17
_LONGEST_LINE = 64 << 20
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
    """A Python codec, how it is known, and lines that show a guess at work. `formulas`: `="` stands
    somewhere in the file."""

    codec: str
    known_by: KnownBy
    samples: tuple[str, ...] = ()
    formulas: bool = False


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one pass over the bytes shows. `evidence`: lines that are not plain ASCII."""

    head: bytes
    valid_utf8: bool
    evidence: bytes
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
        return _shown(wide, survey.head)
    if survey.valid_utf8:
        return Encoding("utf-8", KnownBy.UTF_8)
    return _shown(plausible(survey.evidence), survey.evidence)


def _shown(codec: str, evidence: bytes) -> Encoding:
    return Encoding(codec, KnownBy.GUESSED, tuple(_samples(evidence.decode(codec, ERRORS))))


def _known(given: str, bom: str) -> str:
    try:
        codec = codecs.lookup(given).name
    except LookupError:
        raise SourceError(
            f"there is no encoding called {given!r}.",
            hint="Common ones: utf-8, cp1252 (Windows), mac_roman, latin-1, utf-16, shift_jis.",
        ) from None
    wide = codec.removesuffix("-le").removesuffix("-be")
    return bom if bom.removesuffix("-sig") in (codec, wide) else codec


def _surveyed(content: Content, stream: BinaryIO) -> _Survey:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    head, evidence, valid, line, formulas = b"", bytearray(), True, 0, False
    for block in _blocks(stream):
        formulas = formulas or b'="' in block
        head = head or block[: 1 << 16]
        valid = valid and _decodes(decoder, block)
        if not block.isascii() and len(evidence) < _EVIDENCE:
            evidence += _not_ascii(block)[: _EVIDENCE - len(evidence)]
        line = _bytes_since_line_end(block, line)
        if line > _LONGEST_LINE:
            raise SourceError(
                f"{content.name} has a line of more than {_LONGEST_LINE >> 20} MiB.",
                hint="That is not a table of survey answers; export it as CSV or XLSX.",
            )
    return _Survey(head, valid and _decodes(decoder, b"", final=True), bytes(evidence), formulas)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _not_ascii(block: bytes) -> bytes:
    return b"\n".join(line for line in block.splitlines() if not line.isascii()) + b"\n"


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


def _samples(text: str) -> Iterator[str]:
    """Three different lines at most, cut to what stands around their first odd character."""
    seen = set[str]()
    for line in text.splitlines():
        odd = next((at for at, char in enumerate(line) if char > "\x7f"), None)
        if odd is None or len(seen) == 3:
            continue
        sample = line[max(odd - 25, 0) : odd + 35].strip()
        if sample not in seen:
            seen.add(sample)
            yield sample
