-- Rows in doubt, and how they are settled.

-- name: doubts
-- Every row, of any job, that looks in the survey as a row in doubt of this job does: stored, or in doubt.
SELECT person, shown, job, seq, status, sent_at, CASE WHEN user_id <> '' THEN 1 ELSE 0 END FROM rows
WHERE elsewhere = 0 AND status IN ('created', 'unknown') AND shown IN (
    SELECT shown FROM rows WHERE job = :job AND status = 'unknown' AND elsewhere = 0)
ORDER BY shown, job, seq

-- name: doubtful_names
-- The persons with a row in doubt, and their ids as the ledger shows them.
SELECT DISTINCT user_id, anonymous_id, person FROM rows
WHERE job = :job AND status = 'unknown' AND elsewhere = 0

-- name: sent_by
-- The rows of persons that are stored, or may be.
SELECT person, shown, response_id, CASE WHEN status = 'created' THEN 1 ELSE 0 END, COALESCE(sent_at, 0)
FROM rows WHERE elsewhere = 0 AND status IN ('created', 'unknown') AND person IN :people

-- name: in_other_form
-- How many rows of these looks were accepted since then, and how many are in doubt, in any job.
SELECT COUNT(CASE WHEN status = 'created' THEN 1 END), COUNT(CASE WHEN status = 'unknown' THEN 1 END)
FROM rows WHERE elsewhere = 0 AND sent_at >= :since AND shown IN :looks

-- name: controls
-- The accepted rows of the same kind of person that were posted nearest to a moment.
SELECT person, shown, response_id, 1, sent_at FROM rows
WHERE job = :job AND status = 'created' AND elsewhere = 0 AND sent_at IS NOT NULL
AND CASE WHEN user_id <> '' THEN 1 ELSE 0 END = :by_user
ORDER BY ABS(sent_at - :near) LIMIT :most

-- fragment: to_send
-- Rows that a run would post.
status IN ('pending', 'failed') AND elsewhere = 0

-- name: looks_to_send
-- The rows to send, by what they will look like.
SELECT shown, seq FROM rows WHERE job = :job AND {to_send} ORDER BY seq

-- name: looks_accounted
-- How many rows of these looks are stored, or may be, in any job.
SELECT shown, COUNT(*) FROM rows WHERE elsewhere = 0 AND status IN ('created', 'unknown')
AND shown IN (SELECT shown FROM rows WHERE job = :job AND {to_send}) GROUP BY shown

-- name: call_there
-- A row that was to be sent is in the survey already.
UPDATE rows SET status = 'created', code = 'read_back', response_id = :response_id,
    message = 'found in the survey before it was sent'
WHERE job = :job AND seq = :seq

-- name: code_of
-- A row's code.
SELECT code FROM rows WHERE job = :job AND seq = :seq

-- name: call_unclear
-- Rows in doubt of which the survey tells nothing.
UPDATE rows SET code = 'unclear',
    message = 'posted, and may be stored; what the survey holds does not tell'
WHERE job = :job AND seq IN :seqs AND status = 'unknown' AND code NOT IN :answered

-- name: settle
-- What a row in doubt comes to after all.
UPDATE rows SET status = :status, code = :code, message = :message, response_id = :response_id,
    doubt = :doubt
WHERE job = :job AND seq = :seq AND status = 'unknown' AND elsewhere = 0
