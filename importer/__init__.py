"""Puts a spreadsheet of survey answers into SatisMeter, and accounts for every row."""

__version__ = "0.1.0"
