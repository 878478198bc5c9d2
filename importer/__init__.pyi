from collections.abc import Callable, Mapping

from importer.discovery import Draft as Draft
from importer.discovery import Wishes as Wishes
from importer.discovery import init as init
from importer.discovery.draft import inspect_file as inspect
from importer.engine import ApprovedPlan as ApprovedPlan
from importer.engine import Observer as Observer
from importer.engine import Plan as Plan
from importer.engine import Run as Run
from importer.engine import Summary as Summary
from importer.engine import approve as approve
from importer.engine import plan as plan
from importer.engine import run as run
from importer.engine import start as start
from importer.engine.jobs import JobState as JobState
from importer.engine.jobs import jobs as jobs
from importer.engine.jobs import results_frame as results_frame
from importer.engine.jobs import resume as resume
from importer.engine.jobs import retry as retry
from importer.engine.jobs import write_results as write_results
from importer.engine.observer import Done as Done
from importer.engine.observer import Ended as Ended
from importer.engine.observer import Event as Event
from importer.engine.observer import Sending as Sending
from importer.engine.observer import Staged as Staged
from importer.engine.observer import Waiting as Waiting
from importer.engine.reconcile import mark as mark
from importer.engine.reconcile import resolve as resolve
from importer.engine.record import Rewritten as Rewritten
from importer.engine.verify import Verification as Verification
from importer.engine.verify import verify as verify
from importer.errors import Busy as Busy
from importer.errors import Declined as Declined
from importer.errors import ExitStatus as ExitStatus
from importer.errors import ImporterError as ImporterError
from importer.ledger import default_folder as default_state
from importer.mapping import Document as Document
from importer.mapping import load as load_mapping
from importer.model import Why as Why
from importer.settings import Endpoint as Endpoint
from importer.settings import Network as Network
from importer.settings import Rate as Rate
from importer.settings import Secret as Secret
from importer.settings import Settings as Settings
from importer.sources.inspect import Inspection as Inspection
from importer.sources.table import SourceOptions as SourceOptions

def lazily(module: str, places: Mapping[str, str]) -> Callable[[str], object]: ...

__all__ = [
    "ApprovedPlan",
    "Busy",
    "Declined",
    "Document",
    "Done",
    "Draft",
    "Ended",
    "Endpoint",
    "Event",
    "ExitStatus",
    "ImporterError",
    "Inspection",
    "JobState",
    "Network",
    "Observer",
    "Plan",
    "Rate",
    "Rewritten",
    "Run",
    "Secret",
    "Sending",
    "Settings",
    "SourceOptions",
    "Staged",
    "Summary",
    "Verification",
    "Waiting",
    "Why",
    "Wishes",
    "approve",
    "default_state",
    "init",
    "inspect",
    "jobs",
    "load_mapping",
    "mark",
    "plan",
    "resolve",
    "results_frame",
    "resume",
    "retry",
    "run",
    "start",
    "verify",
    "write_results",
]
__version__: str
