"""The delivery guarantee, end to end: the installed command against a sandbox that fails on purpose."""
