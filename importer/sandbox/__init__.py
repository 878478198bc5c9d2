"""A local server that behaves like SatisMeter, faults included: for the demo, for trying, for tests."""

from importer.sandbox.background import background
from importer.sandbox.faults import FAULTS, Fault, Stores
from importer.sandbox.server import Sandbox
from importer.sandbox.settings import (
    API_KEY,
    CAMPAIGN,
    COMMENT,
    PROJECT,
    QUESTIONS,
    RENEW,
    SATISFACTION,
    SCORE,
    WRITE_KEY,
    Behaviour,
    ErrorShape,
    Question,
    SandboxSettings,
    Share,
    SuccessShape,
    Targeting,
)
from importer.sandbox.store import Store, Stored

__all__ = [
    "API_KEY",
    "CAMPAIGN",
    "COMMENT",
    "FAULTS",
    "PROJECT",
    "QUESTIONS",
    "RENEW",
    "SATISFACTION",
    "SCORE",
    "WRITE_KEY",
    "Behaviour",
    "ErrorShape",
    "Fault",
    "Question",
    "Sandbox",
    "SandboxSettings",
    "Share",
    "Store",
    "Stored",
    "Stores",
    "SuccessShape",
    "Targeting",
    "background",
]
