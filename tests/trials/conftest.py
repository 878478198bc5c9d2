"""The shell of the end-to-end tests."""
