-- What is true of the whole ledger.

-- name: ledger_named
-- What the ledger is told from others by, and that no job was begun; once.
INSERT INTO facts VALUES ('ledger', :ledger), ('begun', '0') ON CONFLICT DO NOTHING

-- name: ledger_begun
-- One more job was begun.
UPDATE facts SET value = value + 1 WHERE name = 'begun'
