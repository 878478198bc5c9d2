-- Jobs: begun, found again, ended.

-- name: job_start
-- A new job.
INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings,
    started_at)
VALUES (:name, :file, :file_sha256, :sheet, :mapping, :mapping_sha256, :origin, :campaigns, :settings,
    :started_at)

-- name: job_reopen
-- A job goes on, as is said now.
UPDATE jobs SET file = :file, mapping = :mapping, settings = :settings WHERE id = :job

-- name: jobs_unfinished
-- The jobs over the same bytes that have rows to send or to settle, newest first.
SELECT {job} FROM jobs
WHERE file_sha256 = :file_sha256 AND mapping_sha256 = :mapping_sha256 AND origin = :origin
AND sheet = :sheet AND (staged_at IS NULL OR EXISTS (
    SELECT 1 FROM rows WHERE job = jobs.id AND status IN :left AND elsewhere = 0))
ORDER BY id DESC

-- name: jobs_with_rows
-- The jobs that have rows of their own of these statuses, newest first.
SELECT {job} FROM jobs
WHERE EXISTS (SELECT 1 FROM rows WHERE job = jobs.id AND status IN :statuses AND elsewhere = 0)
ORDER BY id DESC

-- name: job_names
-- The names that are taken.
SELECT name FROM jobs

-- name: job_named
-- The job of this name or number; the newest where it is ''.
SELECT {job} FROM jobs WHERE name = :name OR CAST(id AS TEXT) = :name OR :name = ''
ORDER BY id DESC LIMIT 1

-- name: job_finished
-- The newest job over the same bytes, mapping and server that came to its end and has no row left to post.
SELECT {job} FROM jobs
WHERE file_sha256 = :file_sha256 AND mapping_sha256 = :mapping_sha256 AND origin = :origin
AND ended_at IS NOT NULL AND exit_status IN (0, 3)
AND NOT EXISTS (SELECT 1 FROM rows
    WHERE job = jobs.id AND status IN ('pending', 'attempting') AND elsewhere = 0)
ORDER BY id DESC LIMIT 1

-- name: job_moved
-- Where the job's file lies now.
UPDATE jobs SET file = :file WHERE id = :job

-- name: rows_removed
-- Every row of a job goes.
DELETE FROM rows WHERE job = :job

-- name: job_removed
-- The job itself goes.
DELETE FROM jobs WHERE id = :job

-- name: job_begun
-- The job is under way, whether or not it had ended before.
UPDATE jobs SET ended_at = NULL, exit_status = NULL WHERE id = :job

-- name: job_ended
-- How the job ended, and in its settings why it stopped early.
UPDATE jobs SET ended_at = :at, exit_status = :exit_status, settings = :settings WHERE id = :job

-- name: jobs_and_surveys
-- Each job's surveys and server.
SELECT id, campaigns, origin FROM jobs

-- name: rows_cut_off
-- Rows that were being posted when their process was ended: they may be stored.
UPDATE rows SET status = 'unknown', doubt = 1, code = 'cut_off', message = :message
WHERE status = 'attempting' AND elsewhere = 0 AND job IN :jobs
