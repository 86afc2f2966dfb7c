CREATE TABLE audit_events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    user_id    INTEGER,                      -- NULL when no account is meant; kept when the account is gone
    kind       TEXT NOT NULL,
    client     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    detail     TEXT NOT NULL,
    chain      TEXT NOT NULL                 -- ties the event to all those before it
) STRICT;
CREATE INDEX audit_of_user ON audit_events (user_id, id);

-- The service only ever adds events. Whoever wants to change one must first drop these, which leaves the chain broken.
CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER audit_events_remain BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
