"""Files of a watched folder that are swapped while it looks: no row is lost, none is another's."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.sandbox import Sandbox, background
from tests.e2e.commands import Shell
from tests.e2e.here import Here
from tests.figures import figure

pytestmark = pytest.mark.trial

ROUNDS = 12
EVERY = 0.012
"""Seconds between two swaps."""


def rows(word: str) -> str:
    return "id,score,comment,email\n" + "".join(f"{word}{n},{n % 11},,\n" for n in range(3))


def swap(inbox: Path, stop: threading.Event) -> None:
    """The first export, the second, a link to a file outside; and again."""
    draft = inbox / ".draft"
    for word in itertools.cycle(("old", "new", "secret")):
        if word == "secret":
            draft.symlink_to("../secret.csv")
        else:
            draft.write_text(rows(word))
        draft.replace(inbox / "t.csv")
        if stop.wait(EVERY):
            return


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


def test_a_swap_every_12_ms(user: Shell, sandbox: Sandbox) -> None:
    here = Here(user.folder, user.environment)
    inbox = user.folder / "in"
    inbox.mkdir()
    user.write("secret.csv", rows("secret"))
    words = (
        "watch",
        "in",
        "-m",
        "mapping.yaml",
        "--endpoint",
        sandbox.url,
        "--rate",
        "max",
        "--once",
    )
    stop = threading.Event()
    swapping = threading.Thread(target=swap, args=(inbox, stop))
    swapping.start()
    start = time.monotonic()
    statuses = Counter(here(*words, "--settled", "0").status for _ in range(ROUNDS))
    stop.set()
    swapping.join()
    seconds = time.monotonic() - start
    (inbox / "t.csv").unlink(missing_ok=True)
    for word in ("old", "new"):
        (inbox / f"{word}.csv").write_text(rows(word))
    ended = here(*words, "--settled", "0")

    assert ended.status == 0, ended.err
    stored = Counter(each.user_id for each in sandbox.stored())
    figure("a swap every 12 ms", rounds=ROUNDS, seconds=round(seconds, 1), exits=dict(statuses))
    assert stored == {f"{word}{n}": 1 for word in ("old", "new") for n in range(3)}
