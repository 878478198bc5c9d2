"""Real exports under open licences, which are not part of the project: tests use them where they are.

The folder is named by the environment variable `IMPORTER_CASES`, or lies beside the checkout.
"""
