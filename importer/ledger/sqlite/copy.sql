-- A ledger in a file moves into another database.

-- name: whole_jobs
-- Every job, oldest first: its number, and the columns that move.
SELECT id, name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings, started_at,
    staged_at, ended_at, exit_status
FROM jobs ORDER BY id

-- name: whole_rows
-- A job's rows, all of each.
SELECT seq, row, status, code, message, "column", value, key, user_id, anonymous_id, identity, content, body,
    person, traits, shown, ord, doubt, elsewhere, http_status, attempts, response_id, sent_at, ms
FROM rows WHERE job = :job ORDER BY seq
