"""Telling others how an import ended."""
