"""Puts a spreadsheet of survey answers into SatisMeter, and accounts for every row.

As a library: `from importer import Settings, load_mapping, plan, run`; see docs/library.md. Each name is
imported when it is first used, so that `import importer` stays light; type checkers read `__init__.pyi`.
"""

import logging
from importlib import import_module

__version__ = "0.2.0.dev0"

logging.getLogger(__name__).addHandler(logging.NullHandler())

_PLACES = {
    "Declined": "importer.errors:Declined",
    "Document": "importer.mapping:Document",
    "Endpoint": "importer.settings:Endpoint",
    "ExitStatus": "importer.errors:ExitStatus",
    "ImporterError": "importer.errors:ImporterError",
    "Network": "importer.settings:Network",
    "Plan": "importer.engine:Plan",
    "Rate": "importer.settings:Rate",
    "Secret": "importer.settings:Secret",
    "Settings": "importer.settings:Settings",
    "Summary": "importer.engine:Summary",
    "Observer": "importer.engine:Observer",
    "default_state": "importer.ledger.state:default_folder",
    "load_mapping": "importer.mapping:load",
    "plan": "importer.engine:plan",
    "run": "importer.engine:run",
}


def __getattr__(name: str) -> object:
    """What the library offers, found in its room (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
