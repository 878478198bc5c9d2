-- Leases. The database's clock alone decides.

-- name: lanes_make
-- A job is cut into so many lanes, once.
INSERT INTO lanes (job, shard) SELECT :job, n FROM generate_series(0, :lanes - 1) AS n
ON CONFLICT DO NOTHING

-- name: lanes_count
-- Into how many lanes a job is cut.
SELECT count(*) FROM lanes WHERE job = :job

-- name: lanes_take
-- Those that nobody holds; a taker waits for an attempt of the former holder that is being written down.
UPDATE lanes l SET token = l.token + 1, holder = :holder,
    expires = clock_timestamp() + :ttl * interval '1 second', clean = false
FROM (
    SELECT shard, clean FROM lanes
    WHERE job = :job AND NOT done AND expires < clock_timestamp()
    ORDER BY shard LIMIT :most
    FOR UPDATE
) AS free
WHERE l.job = :job AND l.shard = free.shard
RETURNING l.shard, l.token, free.clean

-- name: lanes_recover
-- Attempts of former holders: posted or not, nobody knows. The lane's own new token is not among them.
UPDATE sent s SET status = 'unknown', doubt = 1, code = 'cut_off', message = :told
FROM staged r JOIN lanes l ON l.job = r.job AND l.shard = get_byte(r.person, 0) % :lanes
WHERE r.job = :job AND l.shard = ANY(:shards::int[]) AND s.identity = r.identity
    AND s.job = r.job AND s.seq = r.seq AND s.status = 'attempting' AND s.token < l.token

-- name: lanes_beat
-- One that has expired is not renewed: it may have been taken and given back meanwhile.
UPDATE lanes l SET expires = clock_timestamp() + :ttl * interval '1 second'
FROM unnest(:shards::int[], :tokens::bigint[]) AS held (shard, token)
WHERE l.job = :job AND l.shard = held.shard AND l.token = held.token AND l.expires > clock_timestamp()
RETURNING l.shard

-- name: lanes_give
-- Lanes are given back.
UPDATE lanes l SET expires = '-infinity', holder = '', clean = :clean, done = l.done OR :done
FROM unnest(:shards::int[], :tokens::bigint[]) AS held (shard, token)
WHERE l.job = :job AND l.shard = held.shard AND l.token = held.token

-- name: lanes_left
-- Lanes that are held by somebody, and that are yet to be done.
SELECT count(*) FILTER (WHERE NOT done AND expires > clock_timestamp()), count(*) FILTER (WHERE NOT done)
FROM lanes WHERE job = :job

-- name: holds_gate
-- One at a time looks who holds surveys, and takes its own.
SELECT pg_advisory_xact_lock(hashtextextended('satismeter-importer holds', 0))

-- name: holds_rivals
-- Who else holds one of these surveys.
SELECT facts FROM holds
WHERE server = :server AND holder <> :holder AND expires > clock_timestamp()
    AND (campaign = '*' OR '*' = ANY(:campaigns::text[]) OR campaign = ANY(:campaigns::text[]))
LIMIT 1

-- name: holds_take
-- They are ours.
INSERT INTO holds (server, campaign, holder, facts, expires)
SELECT :server, c, :holder, :facts, clock_timestamp() + :ttl * interval '1 second'
FROM unnest(:campaigns::text[]) AS c ORDER BY c
ON CONFLICT (server, campaign) DO UPDATE
SET holder = EXCLUDED.holder, facts = EXCLUDED.facts, expires = EXCLUDED.expires

-- name: holds_beat
-- And stay so.
UPDATE holds SET expires = clock_timestamp() + :ttl * interval '1 second'
WHERE server = :server AND holder = :holder AND expires > clock_timestamp()
RETURNING campaign

-- name: holds_give
-- Or no longer.
DELETE FROM holds WHERE server = :server AND holder = :holder
