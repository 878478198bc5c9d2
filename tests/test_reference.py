"""The reference of the library is what the docstrings say."""

import inspect

import importer
from tests.reference import PAGE, page


def test_the_page_is_of_today() -> None:
    """`make golden` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_public_name_says_something() -> None:
    silent = [
        name for name in importer.__all__ if len(inspect.getdoc(getattr(importer, name)) or "") < 28
    ]
    assert silent == []
