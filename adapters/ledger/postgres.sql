-- Tables of the ledger and the least rights of the engine's role.
--
-- Run as the owner-to-be, who should not be the engine's role, in the ledger's database:
--     psql --set ON_ERROR_STOP=1 --set engine=<role of the engine> --file postgres.sql
-- The role must exist. Running it again changes nothing. `tables.py` is the same in Python.

BEGIN;

CREATE TABLE IF NOT EXISTS entries (
    sequence BIGINT PRIMARY KEY,
    at       TEXT    NOT NULL,
    run      TEXT    NOT NULL,
    step     TEXT    NOT NULL,
    attempt  INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    actor    TEXT    NOT NULL,
    plan     TEXT    NOT NULL,
    details  TEXT    NOT NULL,
    previous TEXT    NOT NULL UNIQUE,
    hash     TEXT    NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS entries_run_attempt ON entries (run, attempt);
CREATE INDEX IF NOT EXISTS entries_event ON entries (event);

CREATE TABLE IF NOT EXISTS sealed (
    run    TEXT NOT NULL,
    step   TEXT NOT NULL,
    name   TEXT NOT NULL,
    armour TEXT NOT NULL,
    PRIMARY KEY (run, step, name)
);

CREATE TABLE IF NOT EXISTS holds (
    resource TEXT PRIMARY KEY,
    run      TEXT NOT NULL,
    since    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_holds_run ON holds (run);

CREATE TABLE IF NOT EXISTS leases (
    resource TEXT PRIMARY KEY,
    run      TEXT NOT NULL,
    number   BIGINT NOT NULL,
    until    TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS openings (
    run    TEXT PRIMARY KEY,
    opened BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS workers (
    pool     TEXT,
    name     TEXT,
    life     TEXT    NOT NULL UNIQUE,
    beat     BIGINT  NOT NULL,
    patience INTEGER NOT NULL,
    place    TEXT    NOT NULL,
    heir     TEXT    NOT NULL,
    PRIMARY KEY (pool, name)
);

REVOKE ALL ON entries, sealed, holds, leases, openings, workers FROM PUBLIC;
REVOKE ALL ON entries, sealed, holds, leases, openings, workers FROM :"engine";

-- What is once in the chain stays: no UPDATE, no DELETE, no TRUNCATE.
GRANT SELECT, INSERT ON entries TO :"engine";
GRANT SELECT, INSERT, UPDATE, DELETE ON sealed, holds, leases, openings, workers TO :"engine";

COMMIT;
