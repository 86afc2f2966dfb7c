CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,      -- trimmed and in lower case
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,             -- a PHC string
    verified_at   INTEGER,                   -- NULL until the address is confirmed
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE email_tokens (
    digest     TEXT PRIMARY KEY,             -- SHA-256 of the token, never the token
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE reset_tokens (
    digest     TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,          -- shown in the list of devices; knowing it opens nothing
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL CHECK (kind IN ('api', 'page')),
    cookie_digest TEXT UNIQUE,               -- SHA-256 of the cookie's token; NULL for the API
    client        TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    digest     TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

CREATE TABLE totp (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret       BLOB NOT NULL,
    confirmed_at INTEGER,                    -- NULL until a first code proves that the app has the secret
    last_step    INTEGER NOT NULL DEFAULT 0  -- the newest time step whose code was accepted
) STRICT;

CREATE TABLE recovery_codes (
    digest  TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    used_at INTEGER,
    PRIMARY KEY (user_id, digest)
) STRICT;

CREATE TABLE attempts (
    key          TEXT PRIMARY KEY,           -- who tries what: the lockout milestone decides
    failures     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    locked_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE mails (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL,
    body      TEXT NOT NULL,
    queued_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    kid        TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
