-- What a job's rows came to, whose they are, what the survey should hold.

-- name: rows_by_status
-- How many rows of a job have each status.
SELECT status, COUNT(*) FROM rows WHERE job = :job GROUP BY status

-- name: standing
-- How many rows of a job have each status and code, and whether another row decides their fate; but for those
-- that are simply to be sent, nearly all of a plan's: they are the rest.
SELECT status, code, elsewhere, COUNT(*) FROM rows
WHERE job = :job AND NOT (status = 'pending' AND code = '' AND elsewhere = 0)
GROUP BY status, code, elsewhere

-- name: rows_by_message
-- Rows of these statuses by message, most first.
SELECT message, COUNT(*) FROM rows WHERE job = :job AND status IN :statuses GROUP BY message
ORDER BY COUNT(*) DESC, message

-- fragment: line
-- The columns of a `model.Line`, in the order of its fields.
seq, row, key, user_id, anonymous_id, status, code, message, "column", value, http_status, attempts,
response_id, sent_at, ms

-- name: lines
-- The rows of a job in file order.
SELECT {line} FROM rows WHERE job = :job AND seq > :after ORDER BY seq LIMIT :limit

-- name: lines_of_statuses
-- Those of these statuses.
SELECT {line} FROM rows WHERE job = :job AND seq > :after AND status IN :statuses ORDER BY seq LIMIT :limit

-- name: lines_of_code
-- Those of one code.
SELECT {line} FROM rows WHERE job = :job AND seq > :after AND code = :code ORDER BY seq LIMIT :limit

-- fragment: same_person_accepted
-- Rows of this job that the API accepted of the person of `rows`.
FROM rows r WHERE r.person = rows.person AND r.status = 'created' AND r.job = :job

-- name: explain_same_file
-- Duplicates of a row of the same file that was accepted; with waves, its wave is named.
UPDATE rows SET code = 'dup_same_file',
    message = 'the API refused it as a duplicate; it accepted row ' || (
        SELECT r.row || {wave_of_r} {same_person_accepted} ORDER BY r.seq LIMIT 1
    ) || ' of the same person from this file'
WHERE job = :job AND code = 'dup_or_targeting' AND EXISTS (SELECT 1 {same_person_accepted})

-- fragment: same_person_accepted_before
-- Rows of other jobs that the API accepted of the person of `rows`.
FROM rows r JOIN jobs j ON j.id = r.job
WHERE r.person = rows.person AND r.status = 'created' AND r.job <> :job

-- name: explain_earlier_run
-- Duplicates of a row that was accepted from another job.
UPDATE rows SET code = 'dup_earlier_run',
    message = 'the API refused it as a duplicate; it accepted a row of the same person from job ' || (
        SELECT j.name {same_person_accepted_before} ORDER BY r.job DESC LIMIT 1
    )
WHERE job = :job AND code = 'dup_or_targeting' AND EXISTS (SELECT 1 {same_person_accepted_before})

-- name: explain_not_reached
-- Rows that were not posted yet.
UPDATE rows SET code = 'not_reached', message = 'not posted yet; the same command goes on here'
WHERE job = :job AND status = 'pending' AND code IN ('', 'held')

-- name: explain_held
-- Of these, the rows of persons with an earlier row that is in doubt, or failed in this job.
UPDATE rows SET code = 'held',
    message = 'an earlier row of the same person is of unknown fate, or failed; this one waits for it'
WHERE job = :job AND status = 'pending' AND code = 'not_reached' AND person IN (
    SELECT person FROM rows
    WHERE elsewhere = 0 AND (status = 'unknown' OR (status = 'failed' AND job = :job)))

-- name: refusals
-- Why rows were refused, failed or are in doubt, most frequent first; numbers of rows ascend with `seq`.
SELECT code, message, COUNT(*), MIN(seq), MIN(row) FROM rows
WHERE job = :job AND (status IN :statuses OR code IN :codes)
GROUP BY code, message ORDER BY COUNT(*) DESC, code LIMIT 50

-- name: clashes
-- The rows whose key stands for different responses.
SELECT row FROM rows WHERE job = :job AND code = 'key_clash' ORDER BY seq

-- fragment: may_be_sent
-- Not left out by a rule, or by what another row decides.
elsewhere = 0 AND status <> 'skipped'

-- name: people
-- Of the persons with more than one row: how many have so many rows that may be sent, and so many of these
-- statuses; and of how many of them the traits of those that may be sent disagree.
WITH several AS (
    SELECT person FROM rows WHERE job = :job AND person IS NOT NULL GROUP BY person HAVING COUNT(*) > 1)
SELECT able, ready, COUNT(*), SUM(disagree) FROM (
    SELECT COUNT(CASE WHEN {may_be_sent} THEN 1 END) AS able,
        COUNT(CASE WHEN status IN :statuses THEN 1 END) AS ready,
        CASE WHEN {traits_disagree} THEN 1 ELSE 0 END AS disagree
    FROM rows WHERE job = :job AND EXISTS (SELECT 1 FROM several) AND person IN (SELECT person FROM several)
    GROUP BY person) persons
GROUP BY able, ready

-- name: rows_of_people
-- How many rows of these statuses are a person's.
SELECT COUNT(person) FROM rows WHERE job = :job AND status IN :statuses

-- name: persons_with_several
-- The persons that have more than one row in a job.
SELECT person FROM rows WHERE job = :job AND person IS NOT NULL GROUP BY person HAVING COUNT(*) > 1

-- name: accepted
-- Whether a row of a person was accepted, in any job.
SELECT 1 FROM rows WHERE person = :person AND status = 'created' LIMIT 1

-- name: not_of_statuses
-- The rows that have none of these statuses, by their place, in file order.
SELECT seq FROM rows WHERE job = :job AND status NOT IN :statuses ORDER BY seq

-- name: not_own
-- Those, and the rows whose fate another row decides.
SELECT seq FROM rows WHERE job = :job AND NOT (elsewhere = 0 AND status IN :statuses) ORDER BY seq

-- name: posts
-- The last attempts since then, oldest first.
SELECT sent_at, ms FROM rows WHERE job = :job AND sent_at >= :since ORDER BY sent_at

-- name: tries
-- How many rows have been tried how often since then, and between which moments.
SELECT attempts, COUNT(*), MIN(sent_at), MAX(sent_at) FROM rows WHERE job = :job AND sent_at >= :since
GROUP BY attempts ORDER BY attempts

-- name: sendable
-- The rows to be posted or settled, in file order; with waves, those of one.
SELECT row, elsewhere FROM rows
WHERE job = :job AND status IN :statuses AND seq % :every = :place ORDER BY seq

-- fragment: stored
-- What is stored, or may be.
('created', 'unknown', 'attempting')

-- name: expected
-- What was posted for each row of a job: by itself; or by the row that decides its fate, of which that of the
-- first in the file counts, one that was accepted before others.
SELECT seq, row, person, shown, response_id,
    CASE WHEN status = 'created' THEN 1 ELSE 0 END,
    CASE WHEN user_id = '' AND anonymous_id <> '' THEN 1 ELSE 0 END, sent_at
FROM rows WHERE job = :job AND elsewhere = 0 AND status IN {stored}
UNION ALL
SELECT seq, row, person, shown, response_id, certain, anonymous, sent_at FROM (
    SELECT r.seq, r.row, e.person, e.shown, e.response_id,
        CASE WHEN e.status = 'created' THEN 1 ELSE 0 END AS certain,
        CASE WHEN e.user_id = '' AND e.anonymous_id <> '' THEN 1 ELSE 0 END AS anonymous, e.sent_at,
        ROW_NUMBER() OVER (PARTITION BY r.identity ORDER BY r.seq,
            CASE WHEN e.status = 'created' THEN 0 ELSE 1 END, e.job, e.seq) AS place
    FROM rows r JOIN rows e ON e.identity = r.identity AND e.elsewhere = 0 AND e.status IN {stored}
    WHERE r.job = :job AND r.status IN ('already_sent', 'unknown') AND r.elsewhere = 1) answered
WHERE place = 1
ORDER BY 1

-- name: sent_by_others
-- What other jobs have posted in a time, of these looks, for rows that this job has not.
SELECT shown FROM rows
WHERE job <> :job AND elsewhere = 0 AND sent_at BETWEEN :since AND :until AND status IN {stored}
AND shown IN :shown
AND identity NOT IN (SELECT identity FROM rows WHERE job = :job AND identity IS NOT NULL)
