-- The shop's tables. Each CHECK has a name, which stands in the error when it refuses something.
CREATE TABLE customers (
    id    INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name  TEXT NOT NULL CONSTRAINT name_not_blank CHECK (trim(name) <> '')
) STRICT;

-- `version` is what the exercise `concurrency` is about; the others leave it alone.
CREATE TABLE books (
    id      INTEGER PRIMARY KEY,
    isbn    TEXT NOT NULL UNIQUE,
    title   TEXT NOT NULL,
    cents   INTEGER NOT NULL CONSTRAINT price_not_negative CHECK (cents >= 0),
    stock   INTEGER NOT NULL DEFAULT 0 CONSTRAINT stock_not_negative CHECK (stock >= 0),
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- `placed_on` is a day, such as 2026-11-25.
CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_on   TEXT NOT NULL,
    state       TEXT NOT NULL CONSTRAINT state_known CHECK (state IN ('paid', 'sent', 'cancelled'))
) STRICT;

-- What an order is made of. `cents` is what one copy cost when it was ordered.
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    book_id  INTEGER NOT NULL REFERENCES books (id),
    copies   INTEGER NOT NULL CONSTRAINT copies_at_least_one CHECK (copies >= 1),
    cents    INTEGER NOT NULL,
    PRIMARY KEY (order_id, book_id)
) STRICT;

-- What was paid for an order; what was paid back is below zero. `reference` is the bank's name for it.
CREATE TABLE payments (
    id        INTEGER PRIMARY KEY,
    order_id  INTEGER NOT NULL REFERENCES orders (id),
    cents     INTEGER NOT NULL,
    reference TEXT NOT NULL UNIQUE
) STRICT;
