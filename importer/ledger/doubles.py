"""Rows of one file with one identity: the same response is sent once; different ones with one key clash.

They are looked for once all rows are staged, in one pass that sorts the identities: cheaper by far than
looking each row up as it comes.
"""

from __future__ import annotations

import sqlite3

from importer.model import Job

_PENDING = 1 << 40
"""Added to the `seq` of rows that are yet to be sent: one that was posted already decides before them."""

_FIND = f"""
    INSERT INTO temp.doubles (identity, first, kinds)
    SELECT identity, MIN(seq + {_PENDING} * (status = 'pending')), COUNT(DISTINCT content) FROM rows
    WHERE job = ? AND identity IS NOT NULL AND elsewhere = 0
    GROUP BY identity HAVING COUNT(*) > 1
"""
_FIND_OTHER = f"""
    INSERT OR REPLACE INTO temp.doubles (identity, first, kinds, other)
    SELECT d.identity, d.first, d.kinds, MIN(r.seq) FROM rows r
    JOIN temp.doubles d ON d.identity = r.identity AND d.kinds > 1
    JOIN rows first ON first.job = r.job AND first.seq = d.first % {_PENDING}
    WHERE r.job = ? AND r.elsewhere = 0 AND r.content IS NOT first.content
    GROUP BY d.identity
"""
_CLASH = f"""
    UPDATE rows SET status = 'invalid', code = 'key_clash', elsewhere = 1,
    message = (
        SELECT 'row ' || CASE WHEN first.content IS rows.content THEN other.row ELSE first.row END
            || ' has the same key, and another person, other answers or another date; none of them is sent'
        FROM temp.doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % {_PENDING}
        JOIN rows other ON other.job = rows.job AND other.seq = d.other
        WHERE d.identity = rows.identity
    )
    WHERE job = ? AND status = 'pending' AND elsewhere = 0
    AND identity IN (SELECT identity FROM temp.doubles WHERE kinds > 1)
"""
_MARK = f"""
    UPDATE rows SET status = 'duplicate', code = 'dup_same_file', elsewhere = 1,
    message = (
        SELECT 'the same response as row ' || first.row || '; only the first is sent'
        FROM temp.doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % {_PENDING}
        WHERE d.identity = rows.identity
    )
    WHERE job = ? AND status = 'pending' AND elsewhere = 0 AND seq <> (
        SELECT d.first % {_PENDING} FROM temp.doubles d WHERE d.identity = rows.identity
    )
"""


def mark(connection: sqlite3.Connection, job: Job) -> None:
    """Mark the rows of a job whose response another of its rows sends, and those whose key stands for
    different responses: which of them is right can't be known, so none is sent. A row to send that is
    alone, or the first of its kind, stays as it is."""
    connection.execute(
        "CREATE TEMP TABLE doubles (identity BLOB PRIMARY KEY, first INTEGER, kinds INTEGER,"
        " other INTEGER) WITHOUT ROWID"
    )
    if connection.execute(_FIND, (job.id,)).rowcount:
        if connection.execute("SELECT 1 FROM temp.doubles WHERE kinds > 1 LIMIT 1").fetchone():
            connection.execute(_FIND_OTHER, (job.id,))
            connection.execute(_CLASH, (job.id,))
        connection.execute(_MARK, (job.id,))
    connection.execute("DROP TABLE temp.doubles")
