//! The tables of this stage.

/// Who has an account. An email is there once, letter by letter, in the form in which it was checked and stored.
pub const USERS: &str = "
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL DEFAULT 'customer'
            CHECK (role IN ('customer', 'packer', 'bookkeeper', 'admin')),
        disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1))
    ) STRICT;
";

/// Who is signed in, where. `digest` is what SHA-256 makes of the secret that the browser holds.
pub const SESSIONS: &str = "
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
        user INTEGER NOT NULL REFERENCES users (id),
        created_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX sessions_by_user ON sessions (user);
";

/// Orders and their lines, and what people say of books.
pub const ORDERS: &str = "
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner INTEGER NOT NULL REFERENCES users (id),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'cancelled', 'shipped'))
    ) STRICT;
    CREATE INDEX orders_by_owner ON orders (owner);
    CREATE TABLE lines (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        title TEXT NOT NULL,
        copies INTEGER NOT NULL CHECK (copies BETWEEN 0 AND 255)
    ) STRICT;
    CREATE INDEX lines_by_order ON lines (order_id);
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        author INTEGER NOT NULL REFERENCES users (id),
        text TEXT NOT NULL
    ) STRICT;
";
