-- What a job's look at the account has found, sealed; and what is put back of it.

-- name: account_look
-- How a job's look at the account began; none where it had none.
SELECT looked, why, approved FROM account_looks WHERE job = :job

-- name: account_look_begun
-- A job's look at the account is the first.
INSERT INTO account_looks (job, looked, why, approved) VALUES (:job, :looked, :why, :approved)
ON CONFLICT (job) DO UPDATE SET looked = excluded.looked, why = excluded.why, approved = excluded.approved

-- name: account_posted
-- Whether the job has posted anything.
SELECT EXISTS (SELECT 1 FROM rows WHERE job = :job AND attempts > 0)

-- name: account_to_send
-- The rows to send or to settle, in the order in which they are sent.
SELECT seq, "row" FROM rows WHERE job = :job AND elsewhere = 0 AND status IN :statuses ORDER BY ord, seq

-- name: account_row_places
-- No row is to be sent.
UPDATE account_rows SET place = NULL WHERE job = :job

-- name: account_row_add
-- A row that is to be sent: whose, and which traits, sealed. One that is known keeps what was decided of it.
INSERT INTO account_rows (job, seq, place, "row", person, sealed) VALUES (:job, :seq, :place, :row, :person, :sealed)
ON CONFLICT (job, seq) DO UPDATE SET place = excluded.place

-- name: account_persons
-- How many persons the rows to send are of.
SELECT COUNT(DISTINCT person) FROM account_rows WHERE job = :job AND place IS NOT NULL

-- name: account_ours
-- Of these persons, those that the rows to send are of.
SELECT DISTINCT person FROM account_rows WHERE job = :job AND place IS NOT NULL AND person IN :persons

-- name: account_user_add
-- What was seen of a person at the start (turn 0: before the first post; 1: the newest).
INSERT INTO account_users (job, person, turn, at, known, unsubscribed, sealed)
VALUES (:job, :person, :turn, :at, :known, :unsubscribed, :sealed)
ON CONFLICT (job, turn, person) DO UPDATE SET at = excluded.at, known = excluded.known,
    unsubscribed = excluded.unsubscribed, sealed = excluded.sealed

-- name: account_users_stale
-- What was seen in a turn before this moment goes.
DELETE FROM account_users WHERE job = :job AND turn = :turn AND at < :before

-- name: account_unseen
-- Persons of the rows to send whom nobody has looked for in this turn, with one row of each.
SELECT r.person, r.seq, r.sealed FROM account_rows r
WHERE r.job = :job AND r.person > :after
AND r.place = (SELECT MIN(o.place) FROM account_rows o
    WHERE o.job = r.job AND o.person = r.person AND o.place IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM account_users u
    WHERE u.job = r.job AND u.person = r.person AND u.turn = :turn)
ORDER BY r.person LIMIT :limit

-- name: account_absent
-- Persons of the rows to send whom a whole list lacks: the account doesn't know them.
INSERT INTO account_users (job, person, turn, at, known, unsubscribed, sealed)
SELECT r.job, r.person, CAST(:turn AS integer), CAST(:at AS double precision), 0, 0, r.sealed
FROM account_rows r WHERE r.job = :job AND r.place = (SELECT MIN(o.place) FROM account_rows o
    WHERE o.job = r.job AND o.person = r.person AND o.place IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM account_users u
    WHERE u.job = r.job AND u.person = r.person AND u.turn = :turn)

-- name: account_first_seen
-- Persons whom the job meets first in a later turn: what they have now is what they had before its first post.
INSERT INTO account_users (job, person, turn, at, known, unsubscribed, sealed)
SELECT n.job, n.person, 0, n.at, n.known, n.unsubscribed, n.sealed FROM account_users n
WHERE n.job = :job AND n.turn = 1
AND NOT EXISTS (SELECT 1 FROM account_users o WHERE o.job = n.job AND o.person = n.person AND o.turn = 0)

-- name: account_persons_page
-- Persons of the rows to send, a page of them.
SELECT DISTINCT person FROM account_rows WHERE job = :job AND place IS NOT NULL AND person > :after
ORDER BY person LIMIT :limit

-- name: account_groups
-- The rows to send of these persons, person by person, with what was seen of each before the first post and now.
SELECT r.person, r.seq, r."row", r.sealed, r.left_out, b.known, b.unsubscribed, b.sealed, n.known, n.sealed
FROM account_rows r
LEFT JOIN account_users b ON b.job = r.job AND b.person = r.person AND b.turn = 0
LEFT JOIN account_users n ON n.job = r.job AND n.person = r.person AND n.turn = :turn
WHERE r.job = :job AND r.place IS NOT NULL AND r.person IN :persons ORDER BY r.person, r.place

-- name: account_had_persons
-- How many persons the account knew before the first post.
SELECT COUNT(*) FROM account_users WHERE job = :job AND turn = 0 AND known = 1

-- name: account_had_ours
-- Of these persons, those whom the account knew before the first post.
SELECT person FROM account_users WHERE job = :job AND turn = 0 AND known = 1 AND person IN :persons

-- name: account_had_unseen
-- Persons whom the account knew before the first post, and whom nobody has looked for in this turn.
SELECT b.person, b.sealed FROM account_users b
WHERE b.job = :job AND b.turn = 0 AND b.known = 1 AND b.person > :after
AND NOT EXISTS (SELECT 1 FROM account_users u
    WHERE u.job = b.job AND u.person = b.person AND u.turn = :turn)
ORDER BY b.person LIMIT :limit

-- name: account_now
-- What these persons have at the newest start.
SELECT person, sealed FROM account_users WHERE job = :job AND turn = 1 AND known = 1 AND person IN :persons

-- name: account_decided
-- Which traits of a row are not sent.
UPDATE account_rows SET left_out = :left_out WHERE job = :job AND seq = :seq

-- name: account_sent
-- What the job has posted of these persons, whatever became of it.
SELECT a.person, a.seq, a.sealed, a.left_out, COALESCE(r.sent_at, 0) FROM account_rows a JOIN rows r ON r.job = a.job AND r.seq = a.seq
WHERE a.job = :job AND a.person IN :persons AND r.attempts > 0 ORDER BY a.person, a.seq

-- name: account_hold
-- A row isn't sent.
UPDATE rows SET status = 'invalid', code = :code, message = :message
WHERE job = :job AND seq = :seq AND elsewhere = 0

-- name: account_had
-- Persons whom the account knew before the first post, a page of them.
SELECT person, sealed FROM account_users
WHERE job = :job AND turn = 0 AND known = 1 AND person > :after ORDER BY person LIMIT :limit

-- name: account_user_reduced
-- Of what a person had, only what was overwritten is kept.
UPDATE account_users SET sealed = :sealed WHERE job = :job AND person = :person AND turn = 0

-- name: account_user_mark
-- This person's values are kept.
UPDATE account_users SET turn = 2 WHERE job = :job AND person = :person AND turn = 0

-- name: account_users_unmarked
-- What was seen of the others goes.
DELETE FROM account_users WHERE job = :job AND turn <> 2

-- name: account_users_unmark
-- Those that are kept are of the start again.
UPDATE account_users SET turn = 0 WHERE job = :job AND turn = 2

-- name: account_rows_free
-- What was sent of persons of whom nothing is kept goes.
DELETE FROM account_rows WHERE job = :job AND person NOT IN (
    SELECT person FROM account_users WHERE job = :job AND turn = 0)

-- name: account_restores
-- Which traits of a person were put back, or are about to be, and when.
SELECT trait, done, at FROM account_restored WHERE job = :job AND person = :person

-- name: account_restoring
-- A trait is about to be put back.
INSERT INTO account_restored (job, person, trait, at, done) VALUES (:job, :person, :trait, :at, 0)
ON CONFLICT (job, person, trait) DO UPDATE SET at = excluded.at, done = 0

-- name: account_restored
-- A trait was put back.
UPDATE account_restored SET done = 1, at = :at WHERE job = :job AND person = :person AND trait = :trait

-- name: account_rows_purged
-- Nothing is kept of these jobs: their rows.
DELETE FROM account_rows WHERE job = :job

-- name: account_users_purged
-- Their persons.
DELETE FROM account_users WHERE job = :job

-- name: account_restored_purged
-- What was put back.
DELETE FROM account_restored WHERE job = :job

-- name: account_looks_purged
-- That there was a look.
DELETE FROM account_looks WHERE job = :job

-- name: account_forget_users
-- What was seen of a row's person goes.
DELETE FROM account_users WHERE job = :job AND person IN (
    SELECT person FROM account_rows WHERE job = :job AND seq = :seq)

-- name: account_forget_restored
-- What was put back of a row's person goes.
DELETE FROM account_restored WHERE job = :job AND person IN (
    SELECT person FROM account_rows WHERE job = :job AND seq = :seq)

-- name: account_forget_row
-- A row's traits go.
DELETE FROM account_rows WHERE job = :job AND seq = :seq
