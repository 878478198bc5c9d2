"""The shell of the end-to-end tests."""

from tests.e2e.conftest import user

__all__ = ["user"]
