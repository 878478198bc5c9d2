"""Measures the guess at encodings: `python -m tests.sources.measured FOLDER...`.

Each UTF-8 table (`*.csv`, `*.tsv`) in the folders is saved anew in an encoding of Windows, the Mac
and DOS, what that lacks as `?`, as Excel does. Each catalogue of translations in the folders
(`LANGUAGE/LC_MESSAGES/*.mo`; /usr/share/locale has them) gives files of 1, 3, 10 and 60 sentences in
the language's old encodings. A file is right where all of its text is.
"""

from __future__ import annotations

import gettext
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from importer.sources.alphabets import plausible

TABLES = ("cp1252", "mac_roman", "cp850", "iso8859_15")
_WEST = ("cp1252", "mac_roman", "cp850", "iso8859_15")
_EAST = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5")
CATALOGUES = {
    **dict.fromkeys(
        [
            "fr",
            "de",
            "es",
            "pt",
            "pt_BR",
            "it",
            "nl",
            "sv",
            "da",
            "nb",
            "fi",
            "is",
            "ca",
            "gl",
            "ga",
        ],
        _WEST,
    ),
    **dict.fromkeys(["cs", "sk", "pl", "hu", "hr", "sl"], _EAST),
    **dict.fromkeys(["ru", "uk", "bg"], _CYRILLIC),
    **dict.fromkeys(["lt", "lv", "et"], ("cp1257", "cp775")),
    "tr": ("cp1254", "cp857", "mac_turkish"),
    "el": ("cp1253", "iso8859_7", "cp737", "mac_greek"),
    "he": ("cp1255", "cp862"),
    "ar": ("cp1256", "iso8859_6"),
    "th": ("cp874",),
    "ja": ("cp932", "euc_jp"),
    "zh_CN": ("gb18030",),
    "zh_TW": ("big5",),
    "ko": ("cp949",),
}
_SIZES, _FILES = (1, 3, 10, 60), 20


def _right(text: str, codec: str) -> bool | None:
    content = text.encode(codec, "replace")
    odd = b"\n".join(line for line in content.splitlines() if not line.isascii())[: 1 << 17]
    if not odd:
        return None
    return content.decode(plausible(odd + b"\n"), "replace") == content.decode(codec, "replace")


def _tables(folder: Path) -> Iterator[str]:
    for path in sorted({*folder.rglob("*.csv"), *folder.rglob("*.tsv")}):
        try:
            yield path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            continue


def _sentences(folder: Path, language: str) -> list[str]:
    found = set[str]()
    for path in folder.glob(f"{language}/LC_MESSAGES/*.mo"):
        try:
            with path.open("rb") as file:
                catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
        except (LookupError, OSError, ValueError):
            continue  # some packages ship broken ones
        for text in catalogue.values():
            if isinstance(text, str) and 15 <= len(text) <= 250:
                found.add(" ".join(re.sub(r"[%{<&]\S*", " ", text.replace("_", "")).split()))
    return sorted(found)


def _files(sentences: list[str], codec: str) -> Iterator[tuple[int, str]]:
    drawn = random.Random(5)
    fitting = [each for each in sentences if each.encode(codec, "ignore").decode(codec) == each]
    odd = [each for each in fitting if not each.isascii()]
    for size in _SIZES if len(odd) > 100 else ():
        for _ in range(_FILES):
            yield size, "\n".join([*drawn.choices(fitting, k=size - 1), drawn.choice(odd)])


def main(folders: list[Path]) -> None:
    """Print both tables."""
    right, of = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    tables = {text for folder in folders for text in _tables(folder)}
    cases = [(codec, 0, text) for codec in TABLES for text in tables]
    for language, codecs in CATALOGUES.items():
        for folder in folders:
            sentences = _sentences(folder, language)
            cases += [(c, size, text) for c in codecs for size, text in _files(sentences, c)]
    for codec, size, text in cases:
        found = _right(text, codec)
        if found is not None:
            of[codec, size] += 1
            right[codec, size] += found
    for codec in dict.fromkeys(codec for codec, _ in of):
        shown = [f"{right[codec, n]}/{of[codec, n]}" for n in (0, *_SIZES)]
        print(f"{codec:13}" + "".join(f"{each:>10}" for each in shown))  # noqa: T201


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
