//! Milestone 1: tables that refuse nonsense.

/// The statements that make the tables of an empty database.
pub fn schema() -> &'static str {
    SCHEMA
}

const SCHEMA: &str = "
CREATE TABLE branches (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(name) > 0 AND name NOT LIKE ' %' AND name NOT LIKE '% ')
) STRICT;

-- AUTOINCREMENT: the number of an account is never given to another one, whatever becomes of the highest.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    email         TEXT NOT NULL UNIQUE
                  CHECK (email NOT GLOB '*[A-Z]*' AND email NOT LIKE ' %' AND email NOT LIKE '% '
                   AND length(email) - length(replace(email, '@', '')) = 1
                   AND instr(email, '@') BETWEEN 2 AND length(email) - 1),
    name          TEXT NOT NULL CHECK (length(name) > 0 AND name NOT LIKE ' %' AND name NOT LIKE '% '),
    password_hash TEXT NOT NULL CHECK (password_hash <> ''),
    created_at    INTEGER NOT NULL CHECK (created_at >= 0),
    disabled_at   INTEGER CHECK (disabled_at >= created_at)
) STRICT;
CREATE TRIGGER users_remain BEFORE DELETE ON users
BEGIN SELECT RAISE(ABORT, 'accounts are disabled, never deleted'); END;

CREATE TABLE roles (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(name) > 0 AND name NOT LIKE ' %' AND name NOT LIKE '% ')
) STRICT;

CREATE TABLE role_permissions (
    role_id    INTEGER NOT NULL REFERENCES roles (id),
    permission TEXT NOT NULL CHECK (permission IN (
                   'orders.read', 'orders.refund', 'users.invite', 'users.disable', 'roles.assign',
                   'audit.read', 'audit.export')),
    PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id        INTEGER PRIMARY KEY,
    user_id   INTEGER NOT NULL REFERENCES users (id),
    role_id   INTEGER NOT NULL REFERENCES roles (id),
    branch_id INTEGER REFERENCES branches (id)
) STRICT;
CREATE UNIQUE INDEX one_grant_a_branch ON grants (user_id, role_id, branch_id) WHERE branch_id IS NOT NULL;
CREATE UNIQUE INDEX one_grant_everywhere ON grants (user_id, role_id) WHERE branch_id IS NULL;

CREATE TABLE invitations (
    digest     TEXT PRIMARY KEY NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
    email      TEXT NOT NULL CHECK (email NOT GLOB '*[A-Z]*' AND email NOT LIKE ' %' AND email NOT LIKE '% '
                   AND length(email) - length(replace(email, '@', '')) = 1
                   AND instr(email, '@') BETWEEN 2 AND length(email) - 1),
    role_id    INTEGER NOT NULL REFERENCES roles (id),
    branch_id  INTEGER REFERENCES branches (id),
    invited_by INTEGER NOT NULL REFERENCES users (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER CHECK (used_at < expires_at)
) STRICT;

CREATE TABLE sessions (
    id            TEXT PRIMARY KEY NOT NULL,
    user_id       INTEGER NOT NULL REFERENCES users (id),
    cookie_digest TEXT NOT NULL UNIQUE CHECK (length(cookie_digest) = 64 AND cookie_digest NOT GLOB '*[^0-9a-f]*'),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL CHECK (expires_at > created_at),
    confirmed_at  INTEGER NOT NULL DEFAULT 0,
    ended_at      INTEGER CHECK (ended_at >= created_at)
) STRICT;

CREATE TABLE attempts (
    key          TEXT PRIMARY KEY NOT NULL,
    failures     INTEGER NOT NULL CHECK (failures > 0),
    last_at      INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
    id        INTEGER PRIMARY KEY,
    branch_id INTEGER NOT NULL REFERENCES branches (id),
    customer  TEXT NOT NULL CHECK (customer <> ''),
    cents     INTEGER NOT NULL CHECK (cents > 0),
    state     TEXT NOT NULL CHECK (state = 'paid' OR state = 'refunded')
) STRICT;

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    -- No REFERENCES: the log says what happened, and needs nobody's row for it.
    actor_id   INTEGER,
    kind       TEXT NOT NULL CHECK (kind <> ''),
    subject    TEXT NOT NULL,
    client     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    before     TEXT NOT NULL CHECK (json_valid(before) AND json_type(before) = 'object'),
    after      TEXT NOT NULL CHECK (json_valid(after) AND json_type(after) = 'object')
) STRICT;
CREATE INDEX audit_of_actor ON audit (actor_id, id DESC);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
-- INSERT OR REPLACE deletes without asking that trigger.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;

CREATE TABLE mails (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL,
    body      TEXT NOT NULL,
    queued_at INTEGER NOT NULL
) STRICT;
";
