-- The shop's tables, with nothing but columns, keys and references.
CREATE TABLE books (
    id     INTEGER PRIMARY KEY,
    isbn   TEXT NOT NULL UNIQUE,
    title  TEXT NOT NULL,
    series TEXT,
    cents  INTEGER NOT NULL,
    stock  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE authors (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

-- Who wrote what. A book may have several authors, and an author several books. Position 1 is named first.
CREATE TABLE book_authors (
    book_id   INTEGER NOT NULL REFERENCES books (id),
    author_id INTEGER NOT NULL REFERENCES authors (id),
    position  INTEGER NOT NULL,
    PRIMARY KEY (book_id, author_id)
) STRICT;

CREATE TABLE customers (
    id    INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    name  TEXT NOT NULL
) STRICT;

-- `placed_on` is a day, such as 2026-11-25. `state` is open, paid, sent or cancelled.
CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_on   TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'open'
) STRICT;

-- What an order is made of. `cents` is what one copy cost when it was ordered.
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    book_id  INTEGER NOT NULL REFERENCES books (id),
    copies   INTEGER NOT NULL,
    cents    INTEGER NOT NULL,
    PRIMARY KEY (order_id, book_id)
) STRICT;
