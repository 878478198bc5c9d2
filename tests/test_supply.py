"""What is installed is what was looked at: pinned, hashed, and the same in every list."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    """Each package's version, by its name in normal form."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {normal(each[1]): each[2] for each in found if each}


def wanted(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = (each for extra in extras for each in project["optional-dependencies"][extra])
    names = (re.match(r"[\w.-]+", each) for each in [*project["dependencies"], *more])
    return {normal(each[0]) for each in names if each}


@pytest.mark.parametrize("file", LOCKS)
def test_every_package_is_pinned_with_its_hashes(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = text.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w.-]+==\S+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line), (
            line
        )


def test_the_locks_have_what_the_project_names_and_agree() -> None:
    run, dev, listed = pins(LOCKS[0]), pins(LOCKS[1]), pins("constraints.txt")
    assert wanted() <= run.keys()
    assert wanted("dev") <= dev.keys()
    assert run.items() <= dev.items()
    assert {name: dev[name] for name in listed if name in dev} == {
        name: version for name, version in listed.items() if name in dev
    }


def test_demo_and_test_install_by_hash() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements-dev.lock" in makefile
    assert "--require-hashes -r requirements.lock" in makefile
    for place in (".ci/run", "Dockerfile"):
        text = (ROOT / place).read_text(encoding="utf-8")
        assert "--require-hashes -r" in text
        assert "-c constraints.txt" not in text
