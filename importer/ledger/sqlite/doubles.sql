-- Rows of one file with one identity, found in one pass that sorts the identities: cheaper by far than looking
-- each row up as it comes. `:later` is added to the `seq` of rows that are yet to be sent.

-- name: doubles_begin
-- Room for what is found.
CREATE TEMP TABLE doubles (identity BLOB PRIMARY KEY, first INTEGER, kinds INTEGER, other INTEGER) WITHOUT ROWID

-- name: doubles_find
-- The identities of several rows.
INSERT INTO doubles (identity)
SELECT identity FROM rows WHERE job = :job AND identity IS NOT NULL AND elsewhere = 0
GROUP BY identity HAVING COUNT(*) > 1

-- name: doubles_weigh
-- Where there are any: the first row of each, and how many contents they have.
INSERT OR REPLACE INTO doubles (identity, first, kinds)
SELECT identity, MIN(seq + :later * (status = 'pending')), COUNT(DISTINCT content) FROM rows
WHERE job = :job AND elsewhere = 0 AND identity IN (SELECT identity FROM doubles)
GROUP BY identity

-- name: doubles_differ
-- Whether any of them stands for different responses.
SELECT 1 FROM doubles WHERE kinds > 1 LIMIT 1

-- name: doubles_find_other
-- The first row whose content differs from the first.
INSERT OR REPLACE INTO doubles (identity, first, kinds, other)
SELECT d.identity, d.first, d.kinds, MIN(r.seq) FROM rows r
JOIN doubles d ON d.identity = r.identity AND d.kinds > 1
JOIN rows first ON first.job = r.job AND first.seq = d.first % :later
WHERE r.job = :job AND r.elsewhere = 0 AND r.content IS NOT first.content
GROUP BY d.identity

-- name: doubles_clash
-- Rows whose key stands for different responses: none of them is sent.
UPDATE rows SET status = 'invalid', code = 'key_clash', elsewhere = 1,
message = (
    SELECT 'row ' || CASE WHEN first.content IS rows.content THEN other.row ELSE first.row END
        || ' has the same key, and another person, other answers or another date; none of them is sent'
    FROM doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % :later
    JOIN rows other ON other.job = rows.job AND other.seq = d.other
    WHERE d.identity = rows.identity
)
WHERE job = :job AND status = 'pending' AND elsewhere = 0
AND identity IN (SELECT identity FROM doubles WHERE kinds > 1)

-- name: doubles_mark
-- Rows whose response another row sends.
UPDATE rows SET status = 'duplicate', code = 'dup_same_file', elsewhere = 1,
message = (
    SELECT 'the same response as row ' || first.row || '; only the first is sent'
    FROM doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % :later
    WHERE d.identity = rows.identity
)
WHERE job = :job AND status = 'pending' AND elsewhere = 0 AND seq <> (
    SELECT d.first % :later FROM doubles d WHERE d.identity = rows.identity
)

-- name: doubles_end
-- The room goes.
DROP TABLE doubles
