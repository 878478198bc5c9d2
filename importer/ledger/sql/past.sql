-- What other jobs have sent. `{past}` stands before the tables in which they are looked for.

-- fragment: job
-- A job's columns, in the order of the fields of `model.Job`.
id, name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings, started_at,
staged_at, ended_at, exit_status

-- fragment: sent_row
-- The columns of a `SentRow`, in the order of its fields.
r.job, r.seq, r.row, r.status, r.person, r.shown, r.sent_at

-- name: past_jobs
-- Every job, newest first.
SELECT {job} FROM {past}jobs ORDER BY id DESC

-- name: past_any
-- Whether there are rows of other jobs at all.
SELECT 1 FROM {past}jobs j WHERE j.id <> :own AND EXISTS (SELECT 1 FROM {past}rows r WHERE r.job = j.id)
LIMIT 1

-- fragment: sent
-- What counts as sent, or surely refused; and an erased row, of which nothing else is known.
(r.status IN ('created', 'duplicate', 'rejected', 'unknown', 'attempting') OR r.code = 'erased')

-- name: past_find
-- What other jobs have sent under these identities; of several, what counts most comes last.
SELECT r.identity, j.name, r.row, r.status, r.content, r.body, r.sent_at, j.origin
FROM {past}rows r JOIN {past}jobs j ON j.id = r.job
WHERE r.identity IN :identities AND r.elsewhere = 0 AND {sent} AND r.job <> :own
ORDER BY CASE r.status WHEN 'created' THEN 2 WHEN 'duplicate' THEN 0 WHEN 'rejected' THEN 0 ELSE 1 END,
    r.job, r.seq

-- name: past_surveys
-- The surveys to which jobs have sent anything.
SELECT DISTINCT j.campaigns FROM {past}jobs j
WHERE j.origin = :origin AND EXISTS (SELECT 1 FROM {past}rows r WHERE r.job = j.id AND {sent})

-- name: past_gathered_before
-- What an earlier look has gathered goes.
DROP TABLE IF EXISTS same_file

-- name: past_gather
-- The rows of jobs over the same file, looked up by row: no index of the ledger's leads there.
CREATE TEMP TABLE same_file AS
SELECT {sent_row} FROM {past}rows r
WHERE r.elsewhere = 0 AND r.status IN ('created', 'unknown', 'attempting') AND r.job IN :jobs

-- name: past_gathered_by_row
-- By which they are found.
CREATE INDEX same_file_row ON same_file ("row")

-- name: past_between
-- Of these, the rows that Excel shows under these numbers.
SELECT {sent_row} FROM same_file r WHERE r.row BETWEEN :first AND :last

-- name: past_accepted
-- Accepted rows of persons in these jobs; the `+` keeps SQLite to the index of persons.
SELECT {sent_row} FROM {past}rows r
WHERE r.person IN :people AND r.status = 'created' AND r.elsewhere = 0 AND +r.job IN :jobs
ORDER BY r.job, r.seq
