from importer.errors import Declined as Declined
from importer.errors import ExitStatus as ExitStatus
from importer.errors import ImporterError as ImporterError
from importer.ledger.state import default_folder as default_state
from importer.mapping import Document as Document
from importer.mapping import load as load_mapping
from importer.pipeline import Plan as Plan
from importer.pipeline import Summary as Summary
from importer.pipeline import Watch as Watch
from importer.pipeline import plan as plan
from importer.pipeline import run as run
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
    "Plan",
    "Rate",
    "Secret",
    "Settings",
    "Summary",
    "Watch",
    "default_state",
    "load_mapping",
    "plan",
    "run",
]
__version__: str
