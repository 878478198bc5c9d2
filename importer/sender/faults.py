"""What can break an attempt, in plain words: the same whichever HTTP client met it."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Why no whole reply came. Never a library's own text, which may quote what was sent."""

    CERTIFICATE = "the server's TLS certificate is not valid"
    NAME = "the server's name could not be looked up"
    NO_TLS = "no TLS connection could be made"
    UNREACHABLE = "the server could not be reached"
    NOT_CONNECTED = "no connection was made in time"
    TLS_BROKE = "the TLS connection broke"
    SILENT = "no answer came in time"
    TOO_SLOW = "no whole answer came in time"
    CLOSED = "the server closed the connection"
    BROKE = "the connection broke"
    BROKE_OFF = "the answer broke off"
    GARBLED = "the answer was not valid HTTP"
    DAMAGED = "the answer was damaged"
    OTHER = "the exchange failed"
