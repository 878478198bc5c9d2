"""The checks, each with what it lets through and what it stops."""
