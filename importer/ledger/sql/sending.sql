-- Which rows of a job are sent, in which order, and who has to wait.

-- fragment: oldest_first
-- As the mapping's date says, without a date in file order; last come the rows of persons with one that an
-- earlier run has stopped at.
ORDER BY CASE WHEN person IN (
    SELECT person FROM rows WHERE job = :job AND status = 'pending' AND code IN :alone) THEN 1 ELSE 0 END,
    ord, seq

-- fragment: askable
-- A row in doubt that the API's duplicate check can decide: posted lately, and not asked about before.
status = 'unknown' AND code NOT IN :answered AND ABS(:now - sent_at) <= :fresh

-- name: sending_order
-- The rows of these statuses in the order in which they are sent; not those whose fate another row decides.
SELECT seq FROM rows WHERE job = :job AND elsewhere = 0 AND status IN :statuses {oldest_first}

-- name: late_order
-- The rows in doubt that can be asked about, and those that may have waited for them.
SELECT seq FROM rows WHERE job = :job AND elsewhere = 0 AND (({askable}) OR status IN :behind)
{oldest_first}

-- name: askable
-- How many rows in doubt can be asked about.
SELECT COUNT(*) FROM rows WHERE job = :job AND elsewhere = 0 AND {askable}

-- name: outgoing
-- Rows as the sender takes them. The last column is for those that an earlier run has stopped at: whether rows
-- of the same surveys were accepted since. (CASE, since SQLite computes both sides of an AND here: a search of
-- the ledger for each row.)
SELECT seq, row, person, doubt, CASE WHEN code IN :alone THEN 1 ELSE 0 END,
    CASE WHEN code IN :alone THEN EXISTS (
        SELECT 1 FROM rows o WHERE o.status = 'created' AND o.elsewhere = 0
        AND o.sent_at > rows.sent_at + COALESCE(rows.ms, 0) / 1000.0 + 1
        AND o.job IN (SELECT id FROM jobs WHERE origin = :origin AND campaigns = :campaigns)
    ) ELSE (1 = 0) END
FROM rows WHERE job = :job AND seq IN :seqs

-- name: doubtful
-- The persons with a row in doubt, in any job.
SELECT DISTINCT person FROM rows WHERE status = 'unknown' AND elsewhere = 0

-- name: stuck
-- The persons with a row in doubt that asking again in this job can't settle.
SELECT DISTINCT person FROM rows
WHERE status = 'unknown' AND elsewhere = 0 AND NOT (job = :job AND {askable})
