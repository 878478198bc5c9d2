-- What people can read of old jobs goes.

-- name: rows_and_left
-- How many rows a job has, and how many of its own are left to be sent or settled.
SELECT COUNT(*), COUNT(CASE WHEN elsewhere = 0 AND status IN :left THEN 1 END) FROM rows WHERE job = :job

-- name: any_attempt
-- Whether any row of a job was posted.
SELECT 1 FROM rows WHERE job = :job AND attempts > 0 LIMIT 1

-- name: rows_given_up
-- What was never posted, or is surely not stored, is not sent any more.
UPDATE rows SET status = 'skipped', code = 'dropped', message = 'given up with its job'
WHERE job = :job AND status IN ('pending', 'failed')

-- name: job_given_up
-- The job is over.
UPDATE jobs SET settings = :settings, staged_at = COALESCE(staged_at, started_at),
    ended_at = COALESCE(ended_at, :at)
WHERE id = :job

-- fragment: blank
-- The columns of a row that hold text of the file, of a person or of the server. Status, code, row number and
-- times stay, and so do the keyed hashes; of an id it stays that there was one.
message = '', "column" = '', value = '', key = '', ord = '', response_id = '',
user_id = CASE user_id WHEN '' THEN '' ELSE '-' END,
anonymous_id = CASE anonymous_id WHEN '' THEN '' ELSE '-' END

-- fragment: no_hashes
-- The keyed hashes by which whoever has the key can find a person out by guessing. Without them `identity`
-- still says that a row was sent.
content = NULL, body = NULL, person = NULL, traits = NULL, shown = NULL

-- name: purge_rows
-- What can be read of a job's rows goes.
UPDATE rows SET {blank}, traits = NULL WHERE job = :job

-- name: purge_hashes
-- And by what a person can be found out, but of rows in doubt.
UPDATE rows SET {no_hashes} WHERE job = :job AND status NOT IN ('unknown', 'attempting')

-- name: purge_job
-- And what can be read of the job itself.
UPDATE jobs SET file = '', mapping = '', sheet = '', settings = :settings WHERE id = :job

-- name: known
-- The rows of a person, by the keyed hash and by what stands in the columns; and which are in doubt.
SELECT seq, row, CASE WHEN elsewhere = 0 AND status IN ('unknown', 'attempting') THEN 1 ELSE 0 END FROM rows
WHERE job = :job AND (
    person IN :persons OR user_id IN :ids OR anonymous_id IN :ids OR key IN :ids OR value IN :ids)
ORDER BY seq

-- name: forget_row
-- A row of which nothing stays but that it was there; what was left to send is given up.
UPDATE rows SET {blank}, {no_hashes}, code = 'erased',
    status = CASE WHEN status IN ('pending', 'failed') THEN 'skipped' ELSE status END
WHERE job = :job AND seq = :seq
