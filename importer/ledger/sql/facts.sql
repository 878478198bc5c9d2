-- What is true of the whole ledger.

-- name: secret_mark
-- By what the key of the ledger's hashes is known again.
SELECT value FROM {past}facts WHERE name = 'secret'

-- name: secret_marked
-- The first key that is used is the ledger's.
INSERT INTO facts VALUES ('secret', :mark) ON CONFLICT DO NOTHING

-- name: ledger_mark
-- What the ledger is told from others by, and how many jobs were begun in it.
SELECT name, value FROM {past}facts WHERE name IN ('ledger', 'begun')

-- name: ledger_marked
-- A ledger in which no job was begun yet; once.
INSERT INTO facts VALUES ('ledger', :ledger), ('begun', '0') ON CONFLICT DO NOTHING

-- name: ledger_moved
-- Where the ledger's rows were copied to: from now on they are sent from there.
INSERT INTO facts VALUES ('moved', :where) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: ledger_moved_to
-- Where that is; none where they weren't.
SELECT value FROM facts WHERE name = 'moved'

-- name: ledger_begun
-- One more job was begun.
UPDATE facts SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'begun'
