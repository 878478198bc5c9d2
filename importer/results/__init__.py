"""What a job writes for people: projections of the ledger, written whole or not at all."""
