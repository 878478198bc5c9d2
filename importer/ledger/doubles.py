"""The same response twice in one file: only one of its rows is sent.

They are looked for once all rows are staged, in one pass that sorts the identities: cheaper by far than
looking each row up as it comes.
"""

from __future__ import annotations

import sqlite3

from importer.model import Job

_PENDING = 1 << 40
"""Added to the `seq` of rows that are yet to be sent: one that was posted already decides before them."""

_FIND = f"""
    INSERT INTO temp.doubles (identity, first)
    SELECT identity, MIN(seq + {_PENDING} * (status = 'pending')) FROM rows
    WHERE job = ? AND identity IS NOT NULL AND elsewhere = 0
    GROUP BY identity HAVING COUNT(*) > 1
"""
_MARK = f"""
    UPDATE rows SET status = 'duplicate', code = 'dup_same_file', elsewhere = 1,
    message = (
        SELECT 'the same response as row ' || first.row
            || CASE WHEN first.content IS rows.content THEN '' ELSE ', with other content' END
            || '; only the first is sent'
        FROM temp.doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % {_PENDING}
        WHERE d.identity = rows.identity
    )
    WHERE job = ? AND status = 'pending' AND elsewhere = 0 AND seq <> (
        SELECT d.first % {_PENDING} FROM temp.doubles d WHERE d.identity = rows.identity
    )
"""


def mark(connection: sqlite3.Connection, job: Job) -> None:
    """Mark the rows of a job whose response another of its rows sends. A row to send that is alone, or
    the first of its kind, stays as it is."""
    connection.execute(
        "CREATE TEMP TABLE doubles (identity BLOB PRIMARY KEY, first INTEGER) WITHOUT ROWID"
    )
    if connection.execute(_FIND, (job.id,)).rowcount:
        connection.execute(_MARK, (job.id,))
    connection.execute("DROP TABLE temp.doubles")
