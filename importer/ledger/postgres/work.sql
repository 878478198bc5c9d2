-- What the workers of one job have in common: its requests, its rate, its pauses and its end.

-- name: lane_order
-- The rows of lanes in the order in which they are sent (see `sending_order`).
SELECT seq FROM rows
WHERE job = :job AND elsewhere = 0 AND status IN :statuses AND get_byte(person, 0) % :lanes IN :shards
{oldest_first}

-- name: job_laid_out
-- A job says of itself what its workers need to know.
UPDATE jobs SET settings = :settings WHERE id = :job

-- name: bodies_removed
-- The requests go, with the job's end.
DELETE FROM bodies WHERE job = :job

-- name: bodies_put
-- Requests of a lane.
INSERT INTO bodies (job, part, shard, blob) VALUES (:job, :part, :shard, :blob)

-- name: bodies_get
-- All of them, in the order in which they were put.
SELECT part, blob FROM bodies WHERE job = :job AND shard = :shard ORDER BY part

-- name: rate_set
-- What all workers may send in a second, in units.
INSERT INTO rates (job, total) VALUES (:job, :total) ON CONFLICT (job) DO UPDATE SET total = EXCLUDED.total

-- name: rate_get
-- The same, and for how many seconds nobody may. Whoever asks is alone meanwhile.
SELECT total, GREATEST(0, extract(epoch FROM pause_until - clock_timestamp()))::float8
FROM rates WHERE job = :job FOR UPDATE

-- name: rate_pause
-- The server has asked one of them to wait: all do.
UPDATE rates SET pause_until = GREATEST(pause_until, clock_timestamp() + :seconds * interval '1 second')
WHERE job = :job

-- name: shares_of_others
-- What the others have now, how many they are, and how many of them come before this one.
SELECT COALESCE(sum(share), 0), count(*) FILTER (WHERE wanted >= 0),
    count(*) FILTER (WHERE wanted >= 0 AND holder < :holder)
FROM shares WHERE job = :job AND holder <> :holder AND expires > clock_timestamp()

-- name: share_put
-- What this one has.
INSERT INTO shares (job, holder, share, wanted, expires)
VALUES (:job, :holder, :share, :share, clock_timestamp() + :ttl * interval '1 second')
ON CONFLICT (job, holder) DO UPDATE
SET share = EXCLUDED.share, wanted = EXCLUDED.wanted, expires = EXCLUDED.expires

-- name: share_before
-- And what it had until a moment ago, which nobody has for as long as a server may look back.
INSERT INTO shares (job, holder, share, wanted, expires)
VALUES (:job, :holder, :share, -1, clock_timestamp() + :ttl * interval '1 second')
ON CONFLICT (job, holder) DO UPDATE SET expires = EXCLUDED.expires, share = EXCLUDED.share
    + CASE WHEN shares.expires > clock_timestamp() THEN shares.share ELSE 0 END

-- name: work_told
-- Rows that were refused since the last time, and why this worker stops, if it does; what all know comes back.
UPDATE jobs SET refused = refused + :refused, stop = CASE WHEN stop = '' THEN :stop ELSE stop END
WHERE id = :job RETURNING refused, stop

-- name: work_begun
-- Whoever comes when nobody works begins anew: what stopped the others is over.
UPDATE jobs SET stop = '', ended_at = NULL, exit_status = NULL WHERE id = :job
AND NOT EXISTS (SELECT 1 FROM lanes WHERE job = :job AND expires > clock_timestamp())

-- name: lanes_again
-- Every row was tried: whoever takes them all now settles what is in doubt.
UPDATE lanes SET done = false WHERE job = :job
AND NOT EXISTS (SELECT 1 FROM lanes WHERE job = :job AND (NOT done OR expires > clock_timestamp()))
AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = :job AND ended_at IS NOT NULL)
