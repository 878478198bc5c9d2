-- The write-ahead journal, and how it is folded into `rows`.

-- name: journal_any
-- Whether there is anything to fold.
SELECT 1 FROM {past}journal LIMIT 1

-- name: journal_entries
-- All that was journalled, in its order.
SELECT job, at, entries FROM journal ORDER BY id

-- name: journal_of_job
-- What was journalled of one job.
SELECT at, entries FROM journal WHERE job = :job ORDER BY id

-- name: journal_insert
-- One commit; a statement of its own is a transaction of its own.
INSERT INTO journal (job, at, entries) VALUES (:job, :at, :entries)

-- name: journal_emptied
-- What was folded is gone.
DELETE FROM journal

-- name: row_ended
-- A row whose last attempt has an outcome.
UPDATE rows SET status = :status, code = :code, message = :message, http_status = :http_status,
    response_id = :response_id, ms = :ms, doubt = :doubt, attempts = attempts + :attempts,
    sent_at = COALESCE(:at, sent_at)
WHERE job = :job AND seq = :seq

-- name: row_under_way
-- A row whose last attempt has none yet.
UPDATE rows SET status = 'attempting', attempts = attempts + :attempts, sent_at = :at
WHERE job = :job AND seq = :seq

-- name: statuses_of
-- What `rows` says of rows of which the journal knows more; `seqs` is a JSON list.
SELECT seq, status FROM rows WHERE job = :job AND seq IN (SELECT value FROM json_each(:seqs))
