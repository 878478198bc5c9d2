from importer.engine import Observer as Observer
from importer.engine import Plan as Plan
from importer.engine import Summary as Summary
from importer.engine import plan as plan
from importer.engine import run as run
from importer.errors import Declined as Declined
from importer.errors import ExitStatus as ExitStatus
from importer.errors import ImporterError as ImporterError
from importer.ledger.state import default_folder as default_state
from importer.mapping import Document as Document
from importer.mapping import load as load_mapping
from importer.settings import Endpoint as Endpoint
from importer.settings import Network as Network
from importer.settings import Rate as Rate
from importer.settings import Secret as Secret
from importer.settings import Settings as Settings

__all__ = [
    "Declined",
    "Document",
    "Endpoint",
    "ExitStatus",
    "ImporterError",
    "Network",
    "Observer",
    "Plan",
    "Rate",
    "Secret",
    "Settings",
    "Summary",
    "default_state",
    "load_mapping",
    "plan",
    "run",
]
__version__: str
