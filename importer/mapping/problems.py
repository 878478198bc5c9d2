"""What a transform says of a value that it can't take."""

from __future__ import annotations

from importer import codes


class Unfit(Exception):
    """A transform can't take a value. `message` holds no cell text; `code` is one of the mapping's in
    `codes.toml`, whose remedy is the `fix` where none is given."""

    def __init__(self, code: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix or codes.of("mapping")[code].remedy
