"""Telling others how an import ended."""


# The watched folder.


# Definitions for schedulers, each checked by its own tool.
