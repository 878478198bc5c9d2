"""A text in several encodings, for a person who has to say which one is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from importer.sources.source import open_source
from importer.sources.table import Facts, KnownBy, SourceOptions

_CODECS = ("cp1252", "mac_roman", "cp1250", "cp1251", "iso8859_2", "cp852", "cp437", "shift_jis")
_MOST_READINGS = 4


def other_readings(file: str, facts: Facts, asked: str) -> Mapping[str, Sequence[str]]:
    """The lines that show a guessed encoding at work, as others have them, by encoding; that of `facts` comes
    first. None where it is no guess; `asked`: the encoding that somebody has chosen of them before."""
    if asked:
        with open_source(file, SourceOptions(header_rows=())) as source:
            guess = source.facts
    else:
        guess = facts
    if guess.encoding_known_by != KnownBy.GUESSED:
        return {}
    lines = [each.encode(guess.encoding, "replace") for each in guess.encoding_samples]
    found: dict[str, Sequence[str]] = {}
    for codec in dict.fromkeys((facts.encoding, guess.encoding, *_CODECS)):
        shown = [each.decode(codec, "replace") for each in lines]
        if shown not in found.values() and (codec == facts.encoding or _plausible(shown)):
            found[codec] = shown
    return dict(list(found.items())[:_MOST_READINGS])


def _plausible(lines: Sequence[str]) -> bool:
    return all(each.isprintable() and "\N{REPLACEMENT CHARACTER}" not in each for each in lines)
