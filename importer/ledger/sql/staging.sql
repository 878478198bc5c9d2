-- Each mapped row of a file gets its line before anything is sent.

-- name: stage_row
-- A row to send, with all that a run, and whatever comes after it, will want to know.
INSERT INTO rows (identity, content, body, person, traits, shown, key, user_id, anonymous_id, ord, row, job,
    seq, status)
VALUES (:identity, :content, :body, :person, :traits, :shown, :key, :user_id, :anonymous_id, :ord, :row, :job,
    :seq, 'pending')

-- name: stage_row_briefly
-- A row to send, with as much as a plan looks at.
INSERT INTO rows (identity, content, person, traits, ord, row, job, seq, status)
VALUES (:identity, :content, :person, :traits, :ord, :row, :job, :seq, 'pending')

-- name: stage_left
-- A row that is not to be sent.
INSERT INTO rows (job, seq, row, status, code, message, "column", value, key, user_id, anonymous_id)
VALUES (:job, :seq, :row, :status, :code, :message, :column, :value, :key, :user_id, :anonymous_id)

-- name: stage_move
-- Where a row stands by what other jobs have sent.
UPDATE rows SET status = :status, code = :code, message = :message, elsewhere = :elsewhere
WHERE job = :job AND seq = :seq

-- name: rows_staged
-- How many rows an earlier start of a job wrote down.
SELECT COALESCE(MAX(seq) + 1, 0) FROM rows WHERE job = :job

-- name: stage_known
-- What an earlier start of a job wrote down of these rows.
SELECT seq, status, code, elsewhere FROM rows WHERE job = :job AND seq >= :first AND seq < :end

-- fragment: persons_rows
-- The rows of persons, but for those that are left out and those that another row of the file decides.
FROM rows
        WHERE job = :job AND person IS NOT NULL AND status <> 'skipped' AND code NOT IN :within_file

-- name: keep_latest
-- Of a person's rows only the latest is sent.
UPDATE rows SET status = 'skipped', code = 'repeats', message = :message
WHERE job = :job AND status = 'pending' AND seq NOT IN (
    SELECT seq FROM (
        SELECT seq, ROW_NUMBER() OVER (PARTITION BY person ORDER BY ord DESC, seq DESC) AS place
        {persons_rows}
    ) placed WHERE place = 1)

-- name: keep_first
-- Of a person's rows only the first is sent.
UPDATE rows SET status = 'skipped', code = 'repeats', message = :message
WHERE job = :job AND status = 'pending' AND seq NOT IN (
    SELECT seq FROM (
        SELECT seq, ROW_NUMBER() OVER (PARTITION BY person ORDER BY ord, seq) AS place
        {persons_rows}
    ) placed WHERE place = 1)

-- name: job_staged
-- Staging is complete.
UPDATE jobs SET staged_at = :at WHERE id = :job
