-- What happened, one row an event. The oldest are removed (see `raw_kept` of the configuration).
CREATE TABLE events (
    id       TEXT PRIMARY KEY,               -- as the sender has it; the same id is the same event
    at       INTEGER NOT NULL,               -- seconds since 1970
    kind     TEXT NOT NULL CHECK (kind IN ('view', 'cart', 'order')),
    country  TEXT NOT NULL,
    channel  TEXT NOT NULL,
    device   TEXT NOT NULL,
    category TEXT NOT NULL,
    cents    INTEGER NOT NULL
) STRICT;
-- In the order of time, for exports and for removing the oldest.
CREATE INDEX events_in_time ON events (at, id);

-- How many events there were in an hour, and what they were worth together. An event is counted once in each facet: in
-- the empty one (everything), in each dimension (`country`: `AT`), and in each pair (`country channel`: `AT`, a line feed, `app`).
-- What is looked for with `=` comes first in the key, and the hour last: a year of one country is one piece of the table.
CREATE TABLE rollups (
    facet  TEXT NOT NULL,
    value  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    hour   INTEGER NOT NULL,                 -- its first second, in UTC
    events INTEGER NOT NULL,
    cents  INTEGER NOT NULL,
    PRIMARY KEY (facet, value, kind, hour)
) STRICT, WITHOUT ROWID;

-- Grows by one with every transaction that changed the numbers.
CREATE TABLE version (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    -- Single events before this have been removed; the roll-ups have not.
    horizon INTEGER NOT NULL
) STRICT;
INSERT INTO version VALUES (1, 0, 0);
