"""A local server that behaves like SatisMeter, faults included: for the demo, for trying, for tests."""

from __future__ import annotations

from importer.sandbox.faults import FAULTS as FAULTS
from importer.sandbox.faults import Stores as Stores
from importer.sandbox.faults import WireFault as WireFault
from importer.sandbox.server import Sandbox as Sandbox
from importer.sandbox.server import background as background
from importer.sandbox.settings import API_KEY as API_KEY
from importer.sandbox.settings import CAMPAIGN as CAMPAIGN
from importer.sandbox.settings import COMMENT as COMMENT
from importer.sandbox.settings import PROJECT as PROJECT
from importer.sandbox.settings import QUESTIONS as QUESTIONS
from importer.sandbox.settings import RENEW as RENEW
from importer.sandbox.settings import SATISFACTION as SATISFACTION
from importer.sandbox.settings import SCORE as SCORE
from importer.sandbox.settings import WRITE_KEY as WRITE_KEY
from importer.sandbox.settings import Behaviour as Behaviour
from importer.sandbox.settings import ErrorShape as ErrorShape
from importer.sandbox.settings import FaultShare as FaultShare
from importer.sandbox.settings import SandboxQuestion as SandboxQuestion
from importer.sandbox.settings import SandboxSettings as SandboxSettings
from importer.sandbox.settings import SuccessShape as SuccessShape
from importer.sandbox.settings import Targeting as Targeting
from importer.sandbox.store import NoStore as NoStore
from importer.sandbox.store import Store as Store
from importer.sandbox.store import Stored as Stored
