-- What this database says in its own way, of the queries that all databases share. `rows` is a view here, of
-- what was staged and what was sent.

-- name: job_start
-- A new job.
INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings,
    started_at)
VALUES (:name, :file, :file_sha256, :sheet, :mapping, :mapping_sha256, :origin, :campaigns, :settings,
    :started_at)
RETURNING id

-- name: rows_removed
-- Every row of a job goes, and its lanes with it.
WITH l AS (DELETE FROM lanes WHERE job = :job), b AS (DELETE FROM bodies WHERE job = :job)
DELETE FROM staged WHERE job = :job

-- name: stage_row
-- A row to send, with all that a run, and whatever comes after it, will want to know.
COPY staged (identity, content, body, person, traits, shown, key, user_id, anonymous_id, ord, "row", job, seq,
    status) FROM STDIN

-- name: stage_left
-- A row that is not to be sent.
COPY staged (job, seq, "row", status, code, message, "column", value, key, user_id, anonymous_id) FROM STDIN

-- name: rows_staged
-- How many rows an earlier start of a job wrote down.
SELECT COALESCE(MAX(seq) + 1, 0) FROM staged WHERE job = :job

-- name: past_any
-- Whether there are rows of other jobs at all.
SELECT 1 FROM jobs j WHERE j.id <> :own AND EXISTS (SELECT 1 FROM staged r WHERE r.job = j.id) LIMIT 1

-- name: past_find
-- What other jobs have sent under these identities, of which there is one line each.
SELECT s.identity, COALESCE(j.name, 'of another importer'), COALESCE(r."row", 0), s.status, r.content, r.body,
    s.sent_at, COALESCE(j.origin, '')
FROM sent s LEFT JOIN jobs j ON j.id = s.job LEFT JOIN staged r ON r.job = s.job AND r.seq = s.seq
WHERE s.identity IN :identities AND s.job <> :own
AND (s.status IN ('created', 'duplicate', 'rejected', 'unknown', 'attempting') OR s.code = 'erased')

-- name: doubtful
-- The persons with a row in doubt, in any job.
SELECT DISTINCT r.person FROM sent s JOIN staged r ON r.job = s.job AND r.seq = s.seq
WHERE s.status = 'unknown' AND r.elsewhere = 0

-- name: expected
-- What was posted for each row of a job: by itself; or by the row that decides its fate, of which that of the
-- first in the file counts.
SELECT seq, "row", person, shown, response_id,
    CASE WHEN status = 'created' THEN 1 ELSE 0 END,
    CASE WHEN user_id = '' AND anonymous_id <> '' THEN 1 ELSE 0 END, sent_at
FROM rows WHERE job = :job AND elsewhere = 0 AND status IN ('created', 'unknown', 'attempting')
UNION ALL
SELECT seq, "row", person, shown, response_id, certain, anonymous, sent_at FROM (
    SELECT DISTINCT ON (r.identity) r.seq, r."row", e.person, e.shown, s.response_id,
        CASE WHEN s.status = 'created' THEN 1 ELSE 0 END AS certain,
        CASE WHEN e.user_id = '' AND e.anonymous_id <> '' THEN 1 ELSE 0 END AS anonymous, s.sent_at
    FROM staged r JOIN sent s ON s.identity = r.identity JOIN staged e ON e.job = s.job AND e.seq = s.seq
    WHERE r.job = :job AND r.status IN ('already_sent', 'unknown') AND r.elsewhere = 1
    AND s.status IN ('created', 'unknown', 'attempting')
    ORDER BY r.identity, r.seq) answered
ORDER BY 1

-- fragment: wave_of_r
-- Of a row `r` of a job with waves (their names as JSON, and how many there are) its wave; else nothing.
COALESCE(', wave ' || (CAST(:waves AS jsonb) ->> (r.seq % CASE WHEN :each = 0 THEN 1 ELSE :each END)), '')

-- name: past_gathered_by_row
-- By which they are found.
CREATE INDEX same_file_row ON same_file ("row")

-- name: doubles_begin
-- Room for what is found.
CREATE TEMP TABLE doubles (identity bytea PRIMARY KEY, first bigint, kinds bigint, other integer)

-- name: doubles_find
-- The identities of several rows.
INSERT INTO doubles (identity)
SELECT identity FROM rows WHERE job = :job AND identity IS NOT NULL AND elsewhere = 0
GROUP BY identity HAVING COUNT(*) > 1

-- name: doubles_weigh
-- Where there are any: the first row of each, and how many contents they have.
UPDATE doubles SET first = found.first, kinds = found.kinds FROM (
    SELECT r.identity, MIN(r.seq + CASE WHEN r.status = 'pending' THEN :later ELSE 0 END) AS first,
        COUNT(DISTINCT r.content) AS kinds
    FROM rows r JOIN doubles d ON d.identity = r.identity WHERE r.job = :job AND r.elsewhere = 0
    GROUP BY r.identity) found
WHERE found.identity = doubles.identity

-- name: doubles_differ
-- Whether any of them stands for different responses.
SELECT 1 FROM doubles WHERE kinds > 1 LIMIT 1

-- name: doubles_end
-- The room goes.
DROP TABLE doubles

-- name: doubles_find_other
-- The first row whose content differs from the first.
UPDATE doubles SET other = found.seq FROM (
    SELECT d.identity, MIN(r.seq) AS seq FROM staged r
    JOIN doubles d ON d.identity = r.identity AND d.kinds > 1
    JOIN staged first ON first.job = r.job AND first.seq = d.first % :later
    WHERE r.job = :job AND r.elsewhere = 0 AND r.content IS DISTINCT FROM first.content
    GROUP BY d.identity) found
WHERE found.identity = doubles.identity

-- name: doubles_clash
-- Rows whose key stands for different responses: none of them is sent.
UPDATE staged r SET status = 'invalid', code = 'key_clash', elsewhere = 1,
    message = 'row '
        || CASE WHEN first.content IS NOT DISTINCT FROM r.content THEN other."row" ELSE first."row" END
        || ' has the same key, and another person, other answers or another date; none of them is sent'
FROM doubles d JOIN staged first ON first.job = :job AND first.seq = d.first % :later
JOIN staged other ON other.job = :job AND other.seq = d.other
WHERE d.identity = r.identity AND d.kinds > 1 AND r.job = :job AND r.status = 'pending' AND r.elsewhere = 0
AND NOT EXISTS (SELECT 1 FROM sent s WHERE s.identity = r.identity AND s.job = r.job AND s.seq = r.seq
    AND s.status <> 'pending')

-- name: doubles_mark
-- Rows whose response another row sends.
UPDATE staged r SET status = 'duplicate', code = 'dup_same_file', elsewhere = 1,
    message = 'the same response as row ' || first."row" || '; only the first is sent'
FROM doubles d JOIN staged first ON first.job = :job AND first.seq = d.first % :later
WHERE d.identity = r.identity AND r.job = :job AND r.status = 'pending' AND r.elsewhere = 0
AND r.seq <> d.first % :later
AND NOT EXISTS (SELECT 1 FROM sent s WHERE s.identity = r.identity AND s.job = r.job AND s.seq = r.seq
    AND s.status <> 'pending')

-- name: version
-- The version of the tables.
SELECT value FROM facts WHERE name = 'version'

-- name: versioned
-- And what it is now.
INSERT INTO facts VALUES ('version', :version) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value

-- name: holder
-- Who imports into one of these surveys now.
SELECT facts FROM holds
WHERE server = :server AND expires > clock_timestamp()
AND (campaign = '*' OR :every = 1 OR campaign IN :campaigns)
LIMIT 1

-- name: unclean
-- The jobs of these in whose lanes somebody was cut off.
SELECT DISTINCT job FROM lanes WHERE job IN :jobs AND NOT clean AND expires < clock_timestamp()

-- fragment: traits_disagree
-- Whether those of a person's rows that may be sent do.
COUNT(DISTINCT CASE WHEN {may_be_sent} THEN traits END) > 1
