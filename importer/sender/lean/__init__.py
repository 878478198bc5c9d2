"""An HTTP/1.1 client that can do one thing, and that cheaply: post a body to one endpoint.

`client` makes an attempt of `request` (its bytes) and `pool` (connections at rest, and the sweep that
tells time); `connection` is one socket with one exchange at a time, `incoming` reads its replies with
llhttp, `target` looks the server up and connects.
"""

from importer.sender.lean.client import LeanClient

__all__ = ["LeanClient"]
