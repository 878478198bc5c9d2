"""A program that only saves a file stores accents in another way, and changes line breaks and blanks: its
rows are those that were sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from unicodedata import normalize

import pytest

from importer.ledger import fingerprint
from importer.ledger.sqlite import SqliteLedger
from importer.sandbox import Sandbox
from importer.settings import Endpoint
from tests.e2e.commands import Shell
from tests.e2e.conftest import MAPPING
from tests.e2e.test_jobs import rows_of
from tests.e2e.test_other_rules import HEADER, KEYED, run

TEXTS = [
    "two\nlines",
    "Très bien, merci",
    "fine",
    "a  wide   gap",
    '"quoted" words',
    "ends so ",
    "한국어",
    r"a \n of its own",
]
FORMS: dict[str, Callable[[str], str]] = {
    "line breaks of Windows": lambda text: text.replace("\n", "\r\n"),
    "accents apart": lambda text: normalize("NFD", text),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "blanks doubled": lambda text: text.replace(" ", "  "),
    "blanks at the ends": lambda text: f" {text}\t",
    "a tab within": lambda text: text.replace(" ", "\t"),
}


def given(
    user: Shell, mapping: str, texts: list[str], person: str = "p{n}", key: str = "r{n}"
) -> None:
    written = io.StringIO()
    for n, text in enumerate(texts):
        mail, rid = f"m{n}@example.com", key.format(n=n)
        row = [person.format(n=n), mail, rid, f"o{n}", "2024-03-01T10:00:00", 9, text, mail]
        csv.writer(written).writerow(row)
    user.write("mapping.yaml", mapping)
    user.write("answers.csv", HEADER + written.getvalue())


@pytest.mark.parametrize("mapping", [MAPPING, KEYED], ids=["", "key"])
@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_was_only_saved_anew_is_not_sent_again(
    user: Shell, open_server: Sandbox, form: str, mapping: str
) -> None:
    given(user, mapping, TEXTS)
    run(user, open_server)
    given(user, mapping, [FORMS[form](text) for text in TEXTS])
    again = run(user, open_server)
    assert rows_of(again) == {"read": len(TEXTS), "already_sent": len(TEXTS)}
    assert again.document["duplicates"] == {"dup_earlier_run": len(TEXTS)}
    assert len(open_server.posts()) == len(TEXTS)


@pytest.mark.parametrize("mapping", [MAPPING, KEYED], ids=["", "key"])
def test_what_an_earlier_version_has_sent_is_known(
    user: Shell, open_server: Sandbox, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hashed texts letter by letter."""
    texts = [form(text) for text in TEXTS for form in FORMS.values()]
    given(user, mapping, texts)
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "settled", lambda response: response.content)
        run(user, open_server)
    path = user.folder / "answers.csv"
    path.write_bytes(path.read_bytes() + b"\n")  # is another file
    again = run(user, open_server)
    assert rows_of(again) == {"read": len(texts), "already_sent": len(texts)}
    assert again.document["duplicates"] == {"dup_earlier_run": len(texts)}


def test_also_what_it_has_sent_under_another_spelling_of_the_server(
    user: Shell, open_server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.1 took `h` and `h.` for two servers, and hashed rows with the name as it was typed."""
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "settled", lambda response: response.content)
        patch.setattr(SqliteLedger, "spelled", lambda _, origin: origin)
        given(user, MAPPING, ["of the name as it is typed now"], person="q")
        run(user, open_server)
        patch.setattr(Endpoint, "origin", property(lambda self: f"{self.url}/"))
        given(user, MAPPING, TEXTS)
        run(user, open_server)
    path = user.folder / "answers.csv"
    path.write_bytes(path.read_bytes() + b"\n")  # is another file
    again = run(user, open_server)
    assert rows_of(again) == {"read": len(TEXTS), "already_sent": len(TEXTS)}
    assert again.document["duplicates"] == {"dup_earlier_run": len(TEXTS)}


def test_other_words_are_another_response(user: Shell, open_server: Sandbox) -> None:
    given(user, MAPPING, ["ok", "un deux", "Tres bien", "naïve"])
    run(user, open_server)
    given(user, MAPPING, ["ok!", "undeux", "Très bien", "naive"])
    assert rows_of(run(user, open_server)) == {"read": 4, "created": 4}


@pytest.mark.parametrize(("mapping", "key"), [(MAPPING, "r{n}"), (KEYED, "r")], ids=["", "key"])
def test_the_same_words_of_one_person_are_one_response_and_no_clash(
    user: Shell, open_server: Sandbox, mapping: str, key: str
) -> None:
    given(user, mapping, ["fine as ever", "fine  as\u00a0ever "], person="p", key=key)
    assert rows_of(run(user, open_server, command="plan")) == {
        "read": 2,
        "ready": 1,
        "duplicate": 1,
    }
    assert rows_of(run(user, open_server)) == {"read": 2, "created": 1, "duplicate": 1}
