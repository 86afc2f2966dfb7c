//! Milestone 1: tables that refuse nonsense.
//!
//! Whoever is in a hurry writes past the program: a script, a shell, an older version. What the tables themselves refuse stays
//! true all the same. Foreign keys are switched on by the program (`given/database.rs`).

/// The statements that make the tables of an empty database, `STRICT` all of them, with these columns in this order. A column is
/// `NOT NULL` unless "or nothing" stands behind it. Times are whole seconds since 1970.
///
/// | table | columns | what it refuses |
/// | --- | --- | --- |
/// | `branches` | `id`, `name` | an empty name, blanks (spaces) at its ends, a name that is there already, also in other letters of ASCII (`Graz`, `GRAZ`) |
/// | `users` | `id`, `email`, `name`, `password_hash`, `created_at`, `disabled_at` or nothing | an email that is not in small letters (of ASCII), has spaces at its ends, has no `@` or several, has nothing on one side of it, or is there already; a name that is empty or has spaces at its ends; an empty hash; a time before 1970; to be disabled before it was made; **to be deleted** |
/// | `roles` | `id`, `name` | the same as `branches` |
/// | `role_permissions` | `role_id`, `permission` | the same pair twice; a permission that is none of `Permission::ALL` (`given/rights.rs`) |
/// | `grants` | `id`, `user_id`, `role_id`, `branch_id` or nothing, which means everywhere | the same role for the same person in the same branch, or everywhere, twice |
/// | `invitations` | `digest`, `email`, `role_id`, `branch_id` or nothing, `invited_by` (a user), `expires_at`, `used_at` or nothing | a digest twice, or one that is not 64 digits `0`–`9`, `a`–`f`; an email as above (but it may be there several times); to be used when it had expired, that is at `expires_at` or later |
/// | `sessions` | `id` (a text), `user_id`, `cookie_digest`, `created_at`, `expires_at`, `confirmed_at` (0 if nothing is said), `ended_at` or nothing | an id twice, a digest twice or of another form; to expire when it was made or before; to end before it was made |
/// | `attempts` | `key` (a text), `failures`, `last_at`, `locked_until` | a key twice; fewer failures than one |
/// | `orders` | `id`, `branch_id`, `customer`, `cents`, `state` | an empty customer, less than one cent, a state that is neither `paid` nor `refunded` |
/// | `audit` | `id`, `at`, `actor_id` or nothing, `kind`, `subject`, `client`, `user_agent`, `before`, `after` | an empty kind; `before` and `after` that are no JSON objects; **to be changed, deleted or replaced** |
/// | `mails` | `id`, `recipient`, `subject`, `body`, `queued_at` | |
///
/// A column that ends in `_id` or is `invited_by` refers to a row of the table that it names, and refuses what is not there;
/// `actor_id` alone refers to nothing. `id` is a whole number, chosen by SQLite where nothing is said, unless the table says that it is a text. The
/// numbers of `users`, `audit` and `mails` are never given a second time, not even after the row with the highest one has gone. Everything else is
/// text, or a whole number where it is a time or counts something.
///
/// An index helps to find the entries of one actor in the order of their ids.
pub fn schema() -> &'static str {
    todo!(
        "CREATE TABLE …; a CHECK says what is right, a TRIGGER with RAISE(ABORT, …) what must not happen"
    )
}
