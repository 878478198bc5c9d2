-- Leases. The database's clock alone decides.

-- name: lanes_make
INSERT INTO lanes (job, shard) SELECT %(job)s, n FROM generate_series(0, %(lanes)s - 1) AS n
ON CONFLICT DO NOTHING

-- name: lanes_count
SELECT count(*) FROM lanes WHERE job = %(job)s

-- name: lanes_take
-- Those that nobody holds; a taker waits for an attempt of the former holder that is being written down.
UPDATE lanes l SET token = l.token + 1, holder = %(holder)s,
    expires = clock_timestamp() + %(ttl)s * interval '1 second', clean = false
FROM (
    SELECT shard, clean FROM lanes
    WHERE job = %(job)s AND NOT done AND expires < clock_timestamp()
    ORDER BY shard LIMIT %(most)s
    FOR UPDATE
) AS free
WHERE l.job = %(job)s AND l.shard = free.shard
RETURNING l.shard, l.token, free.clean

-- name: lanes_recover
-- Attempts of former holders: posted or not, nobody knows. The lane's own new token is not among them.
UPDATE sent s SET status = 'unknown', doubt = 1, code = 'cut_off', message = %(told)s
FROM staged r JOIN lanes l ON l.job = r.job AND l.shard = get_byte(r.person, 0) %% %(lanes)s
WHERE r.job = %(job)s AND l.shard = ANY(%(shards)s::int[]) AND s.identity = r.identity
    AND s.job = r.job AND s.seq = r.seq AND s.status = 'attempting' AND s.token < l.token

-- name: lanes_beat
-- One that has expired is not renewed: it may have been taken and given back meanwhile.
UPDATE lanes l SET expires = clock_timestamp() + %(ttl)s * interval '1 second'
FROM unnest(%(shards)s::int[], %(tokens)s::bigint[]) AS held (shard, token)
WHERE l.job = %(job)s AND l.shard = held.shard AND l.token = held.token AND l.expires > clock_timestamp()
RETURNING l.shard

-- name: lanes_give
UPDATE lanes l SET expires = '-infinity', holder = '', clean = %(clean)s, done = l.done OR %(done)s
FROM unnest(%(shards)s::int[], %(tokens)s::bigint[]) AS held (shard, token)
WHERE l.job = %(job)s AND l.shard = held.shard AND l.token = held.token

-- name: lanes_left
-- Lanes that are held by somebody, and that are yet to be done.
SELECT count(*) FILTER (WHERE NOT done AND expires > clock_timestamp()), count(*) FILTER (WHERE NOT done)
FROM lanes WHERE job = %(job)s

-- name: holds_gate
SELECT pg_advisory_xact_lock(hashtextextended('satismeter-importer holds', 0))

-- name: holds_rivals
SELECT facts FROM holds
WHERE server = %(server)s AND holder <> %(holder)s AND expires > clock_timestamp()
    AND (campaign = '*' OR '*' = ANY(%(campaigns)s::text[]) OR campaign = ANY(%(campaigns)s::text[]))
LIMIT 1

-- name: holds_take
INSERT INTO holds (server, campaign, holder, facts, expires)
SELECT %(server)s, c, %(holder)s, %(facts)s, clock_timestamp() + %(ttl)s * interval '1 second'
FROM unnest(%(campaigns)s::text[]) AS c ORDER BY c
ON CONFLICT (server, campaign) DO UPDATE
SET holder = EXCLUDED.holder, facts = EXCLUDED.facts, expires = EXCLUDED.expires

-- name: holds_beat
UPDATE holds SET expires = clock_timestamp() + %(ttl)s * interval '1 second'
WHERE server = %(server)s AND holder = %(holder)s AND expires > clock_timestamp()
RETURNING campaign

-- name: holds_give
DELETE FROM holds WHERE server = %(server)s AND holder = %(holder)s
