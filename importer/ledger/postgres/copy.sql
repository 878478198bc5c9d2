-- A ledger in a file moves in: what was sent before stays sent.

-- name: copy_job
-- A job as it was; nothing where it has moved in before.
INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings,
    started_at, staged_at, ended_at, exit_status)
VALUES (:name, :file, :file_sha256, :sheet, :mapping, :mapping_sha256, :origin, :campaigns, :settings,
    :started_at, :staged_at, :ended_at, :exit_status)
ON CONFLICT (name) DO NOTHING
RETURNING id

-- name: copy_job_named
-- When a job of this name was started.
SELECT started_at FROM jobs WHERE name = :name

-- name: copy_rows
-- Its rows, with what became of them.
COPY staged (seq, "row", status, code, message, "column", value, key, user_id, anonymous_id, identity, content,
    body, person, traits, shown, ord, doubt, elsewhere, http_status, attempts, response_id, sent_at, ms, job)
FROM STDIN

-- fragment: copy_rank
-- What counts more comes later: an acceptance, then a doubt, then a refusal, then what is surely not stored.
WHEN 'created' THEN 3 WHEN 'unknown' THEN 2 WHEN 'duplicate' THEN 1 WHEN 'rejected' THEN 1 ELSE 0 END

-- name: copy_cut_off
-- What was being posted when its process was ended.
UPDATE staged SET status = 'unknown', doubt = 1, code = 'cut_off', message = :told
WHERE job IN :jobs AND status = 'attempting'

-- name: copy_sent
-- Of the rows of one identity the one that counts most answers for it; those that were here keep what became
-- of them.
WITH best AS MATERIALIZED (
    SELECT DISTINCT ON (r.identity) r.* FROM staged r
    WHERE r.job IN :jobs AND r.identity IS NOT NULL AND r.elsewhere = 0
    AND (r.status IN ('created', 'unknown', 'duplicate', 'rejected') OR r.attempts > 0 OR r.code = 'erased')
    ORDER BY r.identity, CASE r.status {copy_rank} DESC, r.job DESC, r.seq DESC
), former AS (
    UPDATE staged r SET status = s.status, code = s.code, message = s.message, doubt = s.doubt,
        http_status = s.http_status, attempts = s.attempts, response_id = s.response_id,
        sent_at = s.sent_at, ms = s.ms
    FROM best JOIN sent s ON s.identity = best.identity
    WHERE r.job = s.job AND r.seq = s.seq
)
INSERT INTO sent (identity, job, seq, token, status, doubt, attempts, http_status, ms, sent_at, code, message,
    response_id)
SELECT identity, job, seq, 0, status, doubt, attempts, http_status, ms, sent_at, code, message, response_id
FROM best ORDER BY identity
ON CONFLICT (identity) DO UPDATE SET job = EXCLUDED.job, seq = EXCLUDED.seq, token = 0,
    status = EXCLUDED.status, doubt = EXCLUDED.doubt, attempts = EXCLUDED.attempts,
    http_status = EXCLUDED.http_status, ms = EXCLUDED.ms, sent_at = EXCLUDED.sent_at, code = EXCLUDED.code,
    message = EXCLUDED.message, response_id = EXCLUDED.response_id
WHERE CASE EXCLUDED.status {copy_rank} > CASE sent.status {copy_rank}

-- name: housekeeping
-- What sending needs no more: of jobs that have ended, and of leases that nobody keeps.
WITH b AS (DELETE FROM bodies WHERE job IN (SELECT id FROM jobs WHERE ended_at IS NOT NULL)),
    h AS (DELETE FROM holds WHERE expires < clock_timestamp())
DELETE FROM shares WHERE expires < clock_timestamp()

-- name: check_rights
-- What this role may do with the tables that sending writes to; the last is what it needs not.
SELECT has_table_privilege('staged', 'SELECT, INSERT') AND has_table_privilege('sent', 'SELECT')
        AND has_table_privilege('sent', 'INSERT') AND has_table_privilege('sent', 'UPDATE')
        AND has_table_privilege('lanes', 'UPDATE') AND has_table_privilege('lanes', 'INSERT')
        AND has_table_privilege('holds', 'DELETE') AND has_table_privilege('jobs', 'INSERT')
        AND has_table_privilege('jobs', 'UPDATE') AND has_table_privilege('staged', 'UPDATE')
        AND has_table_privilege('staged', 'DELETE') AND has_table_privilege('bodies', 'DELETE'),
    has_table_privilege('sent', 'DELETE') OR has_table_privilege('sent', 'TRUNCATE')

-- name: check_server
-- How the server is set: whether commits are waited for, whether a standby is, and whether there is any;
-- its version, its clock and its size.
SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
    (SELECT count(*) FROM pg_stat_replication),
    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
    current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8,
    pg_database_size(current_database()), pg_is_in_recovery(),
    COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    current_setting('fsync')
