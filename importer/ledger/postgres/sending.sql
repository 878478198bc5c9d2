-- What sending asks of the ledger. All of it is idempotent: whoever has lost his connection asks again.

-- fragment: held_lanes
-- `lane`: those of the lanes at hand that are still ours. FOR SHARE, since FOR KEY SHARE lets a taker of the
-- lane pass.
lane AS MATERIALIZED (
    SELECT l.shard, l.token
    FROM unnest(:shards::int[], :tokens::bigint[]) AS held (shard, token)
    JOIN lanes l ON l.job = :job AND l.shard = held.shard AND l.token = held.token
    WHERE l.expires > clock_timestamp()
    ORDER BY l.shard
    FOR SHARE OF l
)

-- name: attempt
-- A row comes back for each lane that is ours: `mine` says that its attempt is written down. Rows of lanes
-- that were lost don't come back. OFFSET 0, so that each row is looked up by its whole key: of a table that was
-- empty a moment ago the planner would read all of the job. Sorted by
-- identity and with DO NOTHING, so that jobs that share identities can't deadlock.
WITH {held_lanes}, asked AS MATERIALIZED (
    SELECT r.identity, r.seq, lane.token
    FROM unnest(:seqs::int[]) AS a (seq)
    CROSS JOIN LATERAL (SELECT * FROM staged WHERE job = :job AND seq = a.seq OFFSET 0) AS r
    JOIN lane ON lane.shard = get_byte(r.person, 0) % :lanes
), made AS (
    INSERT INTO sent (identity, job, seq, token, status, sent_at)
    SELECT identity, :job, seq, token, 'attempting', :at FROM asked ORDER BY identity
    ON CONFLICT DO NOTHING
    RETURNING seq
)
SELECT asked.seq, asked.identity, asked.token, made.seq IS NOT NULL AS mine
FROM asked LEFT JOIN made ON made.seq = asked.seq

-- name: attempt_again
-- Of rows that were posted before: those whose fate allows another attempt. Our own may go unless they are
-- stored, or under way in other hands; another job's only where they are surely not stored.
WITH {held_lanes}, asked AS MATERIALIZED (
    SELECT s.identity, s.job, s.seq AS of_seq, r.seq, lane.token
    FROM unnest(:seqs::int[]) AS a (seq)
    CROSS JOIN LATERAL (SELECT * FROM staged WHERE job = :job AND seq = a.seq OFFSET 0) AS r
    JOIN sent s ON s.identity = r.identity
    JOIN lane ON lane.shard = get_byte(r.person, 0) % :lanes
    WHERE CASE WHEN s.job = :job AND s.seq = r.seq
        THEN s.status NOT IN ('created', 'attempting') OR (s.status = 'attempting' AND s.token = lane.token)
        ELSE s.status IN ('pending', 'failed', 'duplicate', 'rejected') AND s.code <> 'erased' END
    ORDER BY s.identity
    FOR UPDATE OF s
), former AS (
    -- what became of the other job's row stays with it
    UPDATE staged r SET status = s.status, code = s.code, message = s.message, doubt = s.doubt,
        http_status = s.http_status, attempts = s.attempts, response_id = s.response_id,
        sent_at = s.sent_at, ms = s.ms
    FROM asked JOIN sent s ON s.identity = asked.identity
    WHERE r.job = asked.job AND r.seq = asked.of_seq AND (asked.job, asked.of_seq) <> (:job, asked.seq)
)
UPDATE sent s SET job = :job, seq = asked.seq, token = asked.token, status = 'attempting',
    sent_at = :at,
    attempts = CASE WHEN (s.job, s.seq) <> (:job, asked.seq) THEN 1
        WHEN s.status = 'attempting' OR s.code = '' THEN s.attempts  -- freed before its post
        ELSE s.attempts + 1 END
FROM asked WHERE s.identity = asked.identity
RETURNING asked.seq

-- name: elsewhere
-- The rows that another row answers for are told so; what they are told comes back.
UPDATE staged r SET elsewhere = 1,
    status = CASE WHEN s.status IN ('unknown', 'attempting') THEN 'unknown' WHEN s.status = 'created'
        THEN 'already_sent' ELSE s.status END,
    code = CASE WHEN s.status IN ('unknown', 'attempting') THEN 'unknown_earlier' WHEN s.status = 'created'
        THEN 'dup_earlier_run' ELSE s.code END,
    message = CASE WHEN s.status = 'created' THEN 'sent by job ' || s.name || ', row ' || s."row"
            || COALESCE(to_char(to_timestamp(s.sent_at) AT TIME ZONE 'UTC', ', on YYYY-MM-DD'), '')
            || '; not sent again'
        WHEN s.code = 'erased' THEN 'its person was forgotten before it was sent; it is not sent'
        ELSE 'posted in job ' || s.name || ', row ' || s."row" || ', and may be stored; `importer resolve '
            || s.name || '` settles it' END
FROM (
    SELECT s.*, COALESCE(j.name, 'of another importer') AS name, COALESCE(o."row", 0) AS "row"
    FROM sent s LEFT JOIN jobs j ON j.id = s.job LEFT JOIN staged o ON o.job = s.job AND o.seq = s.seq
    WHERE s.identity = ANY(:identities::bytea[])
) AS s
WHERE r.job = :job AND r.seq = ANY(:seqs::int[]) AND s.identity = r.identity
    AND (s.job, s.seq) <> (r.job, r.seq)
RETURNING r.seq, r.status, r.code, r.message

-- name: own
-- What became of our own rows in other hands: a holder of the lane before us has testified.
SELECT seq, status, code, message, http_status, response_id, ms, doubt
FROM sent WHERE job = :job AND identity = ANY(:identities::bytea[])

-- name: outcome
-- Testimony of whoever made the attempt, also after he has lost the lane. It is not waited for: to lose it
-- only makes its row unknown, and the next attempt's commit takes it along.
WITH quiet AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE sent s SET status = o.status, code = o.code, message = o.message, http_status = o.http,
    response_id = o.response_id, ms = o.ms, doubt = o.doubt
FROM quiet, (
    SELECT * FROM unnest(:identities::bytea[], :tokens::bigint[], :statuses::text[],
        :codes::text[], :messages::text[], :https::int[], :responses::text[], :mss::int[],
        :doubts::int[]) AS o (identity, token, status, code, message, http, response_id, ms, doubt)
    ORDER BY identity
) AS o
WHERE s.identity = o.identity AND s.job = :job AND s.token = o.token AND s.status <> 'created'

-- name: outcome_durable
-- The same, waited for.
UPDATE sent s SET status = o.status, code = o.code, message = o.message, http_status = o.http,
    response_id = o.response_id, ms = o.ms, doubt = o.doubt
FROM (
    SELECT * FROM unnest(:identities::bytea[], :tokens::bigint[], :statuses::text[],
        :codes::text[], :messages::text[], :https::int[], :responses::text[], :mss::int[],
        :doubts::int[]) AS o (identity, token, status, code, message, http, response_id, ms, doubt)
    ORDER BY identity
) AS o
WHERE s.identity = o.identity AND s.job = :job AND s.token = o.token AND s.status <> 'created'

-- name: again_after_failover
-- Another timeline may lack what the old one had promised: all that this process has attempted is written
-- again before it posts.
INSERT INTO sent (identity, job, seq, token, status, doubt, sent_at, code, message)
SELECT r.identity, r.job, r.seq, l.token, 'unknown', 1, :at, 'cut_off', :told
FROM staged r JOIN lanes l ON l.job = r.job AND l.shard = get_byte(r.person, 0) % :lanes
WHERE r.job = :job AND r.seq = ANY(:seqs::int[])
ORDER BY r.identity
ON CONFLICT DO NOTHING
