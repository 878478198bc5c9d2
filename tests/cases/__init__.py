"""Real exports under open licences, which are not part of the project: tests use them where they are.

The environment variable `IMPORTER_CASES` names the folder.
"""
