"""Real exports under open licences, which are not part of the project: tests use them where they are.

The environment variable `REAL_EXPORTS` names the folder.
"""
