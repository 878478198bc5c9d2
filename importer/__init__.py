"""Puts a spreadsheet of survey answers into SatisMeter, and accounts for every row.

As a library: `from importer import Settings, plan, run`; see docs/library.md. Each name is
imported when it is first used, so that `import importer` stays light; type checkers read `__init__.pyi`.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__version__ = "0.2.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())


def lazily(module: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """A module's `__getattr__` (PEP 562) that finds each name in its place, `module:attribute`, when it is
    first used: who wants one of them waits for no other."""

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        place, _, attribute = places[name].partition(":")
        found: object = getattr(import_module(place), attribute)
        setattr(sys.modules[module], name, found)  # the next time nobody asks here
        return found

    return find


_PLACES = {
    "approve": "importer.engine:approve",
    "ApprovedPlan": "importer.engine:ApprovedPlan",
    "Busy": "importer.errors:Busy",
    "Declined": "importer.errors:Declined",
    "Done": "importer.engine.observer:Done",
    "default_state": "importer.ledger:default_folder",
    "Document": "importer.mapping:Document",
    "Draft": "importer.discovery:Draft",
    "Ended": "importer.engine.observer:Ended",
    "Endpoint": "importer.settings:Endpoint",
    "Event": "importer.engine.observer:Event",
    "ExitStatus": "importer.errors:ExitStatus",
    "ImporterError": "importer.errors:ImporterError",
    "init": "importer.discovery:init",
    "inspect": "importer.discovery.draft:inspect_file",
    "Inspection": "importer.sources.inspect:Inspection",
    "jobs": "importer.engine.jobs:jobs",
    "JobState": "importer.engine.jobs:JobState",
    "load_mapping": "importer.mapping:load",
    "mark": "importer.engine.reconcile:mark",
    "Network": "importer.settings:Network",
    "Observer": "importer.engine:Observer",
    "Plan": "importer.engine:Plan",
    "plan": "importer.engine:plan",
    "Rate": "importer.settings:Rate",
    "resolve": "importer.engine.reconcile:resolve",
    "results_frame": "importer.engine.jobs:results_frame",
    "resume": "importer.engine.jobs:resume",
    "retry": "importer.engine.jobs:retry",
    "Rewritten": "importer.engine.record:Rewritten",
    "Run": "importer.engine:Run",
    "run": "importer.engine:run",
    "Secret": "importer.settings:Secret",
    "Sending": "importer.engine.observer:Sending",
    "Settings": "importer.settings:Settings",
    "SourceOptions": "importer.sources.table:SourceOptions",
    "Staged": "importer.engine.observer:Staged",
    "start": "importer.engine:start",
    "Summary": "importer.engine:Summary",
    "Verification": "importer.engine.verify:Verification",
    "verify": "importer.engine.verify:verify",
    "Waiting": "importer.engine.observer:Waiting",
    "Why": "importer.model:Why",
    "Wishes": "importer.discovery:Wishes",
    "write_results": "importer.engine.jobs:write_results",
}
__all__ = (*_PLACES,)  # noqa: PLE0604  so that a star import finds them


__getattr__ = lazily(__name__, _PLACES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
