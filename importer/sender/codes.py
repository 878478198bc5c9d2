"""What the codes of a delivery mean, and what to do about each. A test holds this table to the rooms."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, tuple[str, str]] = {
    "all_refused": (
        "The first rows were all refused and none was accepted, so the fault is not theirs; the run stopped.",
        "Read the message; mend the mapping or the survey, and run the same command again.",
    ),
    "bad_certificate": (
        "The server's certificate isn't trusted; the run stopped before anything left.",
        "Check the endpoint, the clock of this machine, and its proxy.",
    ),
    "cut_off": (
        "The run was ended while the row was being posted: it may be stored.",
        "Run the same command again: it settles such rows first.",
    ),
    "dup_or_targeting": (
        (
            'The API said "Duplicate response", which has two causes that it doesn\'t tell apart: the '
            "user got a response recently, or the user's traits don't match the survey's targeting."
        ),
        "Look the user up in SatisMeter; compare the survey's targeting with the traits that are sent.",
    ),
    "gave_up": (
        "The row was tried several times, and the server never took it.",
        "Run the same command again when the server is well; nothing is sent twice.",
    ),
    "key_refused": (
        "The server refused the write key; the run stopped.",
        "Copy the key again: SatisMeter > Settings > Integrations > API keys.",
    ),
    "no_reply": (
        "The row was posted, and no answer came: it may be stored.",
        "Nothing by hand: such rows are asked about again after a wait; importer resolve settles the rest.",
    ),
    "not_applied": (
        "The server put the row off (too many requests, or a pause): it is not stored.",
        "Nothing: it is posted again by itself. A lower --rate makes this rarer.",
    ),
    "not_sent": (
        "No connection came about: nothing left this machine.",
        "Check the network; run the same command again.",
    ),
    "plan_limit": (
        "The account's plan allows no more responses; the run stopped.",
        "Raise the plan or wait; then run the same command again. --limit sends a few rows only.",
    ),
    "redirected": (
        "The server answered with a redirect, which is never followed: the body carries the key.",
        "Check the endpoint; a proxy or a login page stands between.",
    ),
    "rejected": (
        "The API refused the row for a reason of its own, which the message gives.",
        "Mend the row in problems.csv, and run that file.",
    ),
    "rejected_in_doubt": (
        "Posted without an answer before, then refused: the first attempt may be stored.",
        "Look in the survey, then importer mark; or importer resolve with a read key.",
    ),
    "server_error": (
        "The server failed after it had the row: it may be stored.",
        "Nothing by hand: such rows are asked about again after a wait; importer resolve settles the rest.",
    ),
    "stored_or_duplicate": (
        (
            "Posted without an answer before; asked again, the API calls it a duplicate. Either the first "
            "attempt was stored, or it was refused for another response."
        ),
        "Look in the survey, then importer mark; or importer resolve with a read key.",
    ),
    "unverified": (
        "The server answered with success, but with nothing that acknowledges the row.",
        "Look in the survey whether rows arrive. --accept-empty takes an empty answer as one.",
    ),
    "wrong_survey": (
        "The server knows no such address or survey; the run stopped.",
        "Compare `campaign:` in the mapping, and the endpoint, with SatisMeter's settings page.",
    ),
}
"""By code: the meaning, and what to do."""
