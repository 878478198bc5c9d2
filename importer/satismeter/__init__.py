"""SatisMeter's API. `insert` posts a response, `classify` decides on the reply, `redact` what it quotes.

`read` reads a project back (v3): its surveys, their questions, the responses stored. `Reader` is its door; a
separate API key and the project's ID open it, and it writes nothing.
"""

from __future__ import annotations

from importer import lazily

_PLACES = {
    **dict.fromkeys(("Reader", "StoredResponse", "Survey", "SurveyQuestion"), "read"),
    **dict.fromkeys(("Action", "Classification", "Poster", "Reply"), "classify"),
    **dict.fromkeys(("Redactor", "with_key"), "redact"),
    **dict.fromkeys(("Contact",), "contact"),
    **dict.fromkeys(("Client",), "insert"),
    **dict.fromkeys(("User", "Users"), "users"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`
__getattr__ = lazily(__name__, {name: f"{__name__}.{at}:{name}" for name, at in _PLACES.items()})
