"""The whole story, in process."""
