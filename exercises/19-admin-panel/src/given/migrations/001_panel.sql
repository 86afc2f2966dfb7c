CREATE TABLE branches (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    email         TEXT NOT NULL UNIQUE,      -- trimmed and in lower case
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER                    -- NULL while the account is in use
) STRICT;
CREATE TRIGGER users_remain BEFORE DELETE ON users
BEGIN SELECT RAISE(ABORT, 'accounts are disabled, never deleted'); END;

CREATE TABLE roles (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE role_permissions (
    role_id    INTEGER NOT NULL REFERENCES roles (id),
    permission TEXT NOT NULL,                -- for example orders.read
    PRIMARY KEY (role_id, permission)
) STRICT;

CREATE TABLE grants (
    id        INTEGER PRIMARY KEY,
    user_id   INTEGER NOT NULL REFERENCES users (id),
    role_id   INTEGER NOT NULL REFERENCES roles (id),
    branch_id INTEGER REFERENCES branches (id)  -- NULL: everywhere
) STRICT;
-- NULL differs from NULL in a unique index: a branch that nobody has stands for everywhere.
CREATE UNIQUE INDEX one_grant_each ON grants (user_id, role_id, coalesce(branch_id, -1));

CREATE TABLE invitations (
    digest     TEXT PRIMARY KEY,             -- SHA-256 of the token, never the token
    email      TEXT NOT NULL,
    role_id    INTEGER NOT NULL REFERENCES roles (id),
    branch_id  INTEGER REFERENCES branches (id),
    invited_by INTEGER NOT NULL REFERENCES users (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (id),
    cookie_digest TEXT NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    confirmed_at  INTEGER NOT NULL DEFAULT 0, -- when the password was typed last
    ended_at      INTEGER
) STRICT;

CREATE TABLE attempts (
    key          TEXT PRIMARY KEY,           -- whose, and at what
    failures     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
    id        INTEGER PRIMARY KEY,
    branch_id INTEGER NOT NULL REFERENCES branches (id),
    customer  TEXT NOT NULL,
    cents     INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('paid', 'refunded'))
) STRICT;

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor_id   INTEGER,                      -- NULL: nobody was signed in
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    client     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    before     TEXT NOT NULL CHECK (json_type(before) = 'object'),
    after      TEXT NOT NULL CHECK (json_type(after) = 'object')
) STRICT;
CREATE INDEX audit_of_actor ON audit (actor_id, id);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;

CREATE TABLE mails (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL,
    body      TEXT NOT NULL,
    queued_at INTEGER NOT NULL
) STRICT;
