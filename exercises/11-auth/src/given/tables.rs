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
