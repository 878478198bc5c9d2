-- The ledger's tables, and how an older ledger becomes a current one: each version leads to the next.
--
-- `jobs` has a line per plan-and-run over one file; `rows` has a line per source row of a job, in file order
-- (`seq` from 0). Where `jobs.settings` names `waves`, it has one per row and wave, in that order: `seq` modulo
-- their number is the wave's place. A row's `status` is one of `model.Status`, or `attempting` while a request
-- may be under way. `identity`, `content`, `body`, `person`, `traits` and `shown` (see `fingerprint`) are keyed
-- hashes: the ledger holds no answer and no trait. `doubt` is 1 once an attempt of unknown fate was made;
-- `elsewhere` is 1 where another row decides the fate of this one. `facts` holds what is true of the whole
-- ledger.
--
-- `journal` has a line per commit while rows are posted, until it is folded into `rows` (see `journal.py`),
-- which whoever opens the ledger does first. `entries` is a JSON list, in order: a `seq` where an attempt of
-- that row is about to leave; `[seq, outcome]` where one has ended.

-- name: version_1
-- The first.
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    sheet TEXT NOT NULL,
    mapping TEXT NOT NULL,
    mapping_sha256 TEXT NOT NULL,
    origin TEXT NOT NULL,
    campaigns TEXT NOT NULL,
    settings TEXT NOT NULL,
    started_at REAL NOT NULL,
    staged_at REAL,
    ended_at REAL,
    exit_status INTEGER
);
CREATE TABLE rows (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    row INTEGER NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    "column" TEXT NOT NULL DEFAULT '',
    value TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL DEFAULT '',
    user_id TEXT NOT NULL DEFAULT '',
    anonymous_id TEXT NOT NULL DEFAULT '',
    identity BLOB,
    content BLOB,
    body BLOB,
    person BLOB,
    traits BLOB,
    shown BLOB,
    ord TEXT NOT NULL DEFAULT '',
    doubt INTEGER NOT NULL DEFAULT 0,
    elsewhere INTEGER NOT NULL DEFAULT 0,
    http_status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    response_id TEXT NOT NULL DEFAULT '',
    sent_at REAL,
    ms INTEGER,
    PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX rows_identity ON rows (identity) WHERE identity IS NOT NULL AND elsewhere = 0;
CREATE INDEX rows_person ON rows (person) WHERE status = 'created';
CREATE INDEX rows_doubtful ON rows (job, person) WHERE status = 'unknown' AND elsewhere = 0;

-- name: version_2
-- The journal is a table of its own.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    at REAL NOT NULL,
    entries TEXT NOT NULL
);

-- name: version_3
-- The tables stay; `rows.shown` of new rows is of another form (see `fingerprint.normal`), which 0.1 would take
-- for a row that the survey doesn't hold.

-- name: version_4
-- What a job's look at the account has found (see `account`): how it came about; whose the rows to send are; what
-- persons have before the first post (turn 0) and at the newest start (1); what was put back. Values are sealed.
CREATE TABLE account_looks (
    job INTEGER PRIMARY KEY,
    looked INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    approved TEXT NOT NULL DEFAULT ''
);
CREATE TABLE account_rows (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER,
    row INTEGER NOT NULL,
    person BLOB NOT NULL,
    sealed BLOB NOT NULL,
    left_out TEXT,
    PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX account_rows_person ON account_rows (job, person, place);
CREATE TABLE account_users (
    job INTEGER NOT NULL,
    person BLOB NOT NULL,
    turn INTEGER NOT NULL,
    at REAL NOT NULL,
    known INTEGER NOT NULL,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL,
    PRIMARY KEY (job, turn, person)
) WITHOUT ROWID;
CREATE TABLE account_restored (
    job INTEGER NOT NULL,
    person BLOB NOT NULL,
    trait TEXT NOT NULL,
    at REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, person, trait)
) WITHOUT ROWID;
