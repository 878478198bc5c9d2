"""SatisMeter's API. `insert` posts a response, `classify` decides on the reply, `redact` what it quotes.

`read` reads a project back (v3): its surveys, their questions, the responses stored. `Reader` is its door; a
separate API key and the project's ID open it, and it writes nothing.
"""

from __future__ import annotations

from importlib import import_module

_PLACES = {
    **dict.fromkeys(("Reader", "StoredResponse", "Survey", "SurveyQuestion"), "read"),
    **dict.fromkeys(("Action", "Classification", "Poster", "Reply"), "classify"),
    **dict.fromkeys(("Redactor", "with_key"), "redact"),
    **dict.fromkeys(("Contact",), "contact"),
    **dict.fromkeys(("Client",), "insert"),
    **dict.fromkeys(("User", "Users"), "users"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`


def __getattr__(name: str) -> object:
    """What the room offers (PEP 562): each name brings its module when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found  # the next time nobody asks here
    return found
