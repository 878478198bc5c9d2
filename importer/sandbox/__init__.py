"""A local server that behaves like SatisMeter, faults included: for the demo, for trying, for tests."""

from __future__ import annotations

from importer.sandbox.faults import FAULTS, Stores, WireFault
from importer.sandbox.server import Sandbox, background
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
    FaultShare,
    SandboxQuestion,
    SandboxSettings,
    SuccessShape,
    Targeting,
)
from importer.sandbox.store import NoStore, Store, Stored

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
    "FaultShare",
    "NoStore",
    "Sandbox",
    "SandboxQuestion",
    "SandboxSettings",
    "Store",
    "Stored",
    "Stores",
    "SuccessShape",
    "Targeting",
    "WireFault",
    "background",
]
