"""Ledgers of 0.1: whatever they hold as sent, in doubt or refused is still so."""
