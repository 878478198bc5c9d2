-- name: past_gathered_by_row
-- By which they are found.
CREATE INDEX temp.same_file_row ON same_file ("row")

