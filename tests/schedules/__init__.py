"""Definitions for schedulers, each checked by its own tool."""
