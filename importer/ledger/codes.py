"""What the codes that the ledger gives a row mean, and what to do about each. A test holds this table to
the room."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, tuple[str, str]] = {
    "changed_since_sent": (
        "The same `key` was sent before with other content; it is not sent again.",
        "Nothing, unless the new content must go in: then give the rows another `key`.",
    ),
    "dup_earlier_run": (
        "An earlier run sent the same response.",
        "Nothing: it is there already.",
    ),
    "dup_same_file": (
        "The same response, or the same person, stands in this file before; only the first is sent.",
        "If both are meant, name what tells them apart in `key`, such as the response's id.",
    ),
    "duplicate_earlier": (
        "This very request was refused as a duplicate in an earlier run.",
        "`importer retry` posts such rows again; a mended row goes by itself.",
    ),
    "held": (
        "An earlier row of the same person is of unknown fate or failed; this one waits for it.",
        "Run the same command again, or settle that row with importer resolve.",
    ),
    "key_clash": (
        "Rows of this file have one key, and different persons, answers or dates; none of them is sent.",
        "Mend the keys, or name a further column in `key`; without it, person, answers and date count.",
    ),
    "marked": (
        "A person has looked and said what became of the row.",
        "Nothing.",
    ),
    "not_reached": (
        "Not posted yet: the run was stopped, or --limit was reached.",
        "Run the same command again: it goes on here.",
    ),
    "not_stored": (
        "Posted, and not stored: the survey was read back and doesn't hold it.",
        "Run the same command again, or importer retry.",
    ),
    "read_back": (
        "Found in the survey when it was read back.",
        "Nothing: it is stored.",
    ),
    "rejected_earlier": (
        "This very request was refused in an earlier run.",
        "Mend the row; `importer retry` posts it again as it is.",
    ),
    "repeats": (
        "`repeats:` in the mapping sends one row of each person, and this is another.",
        "Nothing; `repeats: {send: all}` sends every row.",
    ),
    "skip_rule": (
        "A rule of the mapping's `skip_if` leaves the row out; the message is the rule.",
        "Nothing, unless the rule is wrong.",
    ),
    "unknown_earlier": (
        "Posted in an earlier run, and may be stored; it is not posted again by itself.",
        "importer resolve settles it: by reading the survey back, or by a person's word.",
    ),
}
"""By code: the meaning, and what to do."""
