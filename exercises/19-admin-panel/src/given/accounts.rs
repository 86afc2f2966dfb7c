//! Letting people in and out, as the pages reach it, and trying something without doing it.

use super::app::Tx;
use super::problem::Problem;

/// Who may sign in. Answered by `users`.
///
/// Both refuse (4xx) what the rules forbid, for example the last administrator; **a refusal has changed nothing**. Both write the
/// log. Whoever calls asks the permission first.
pub trait Accounts: Send + Sync {
    /// Disables an account that is active, with the transaction's time as `disabled_at`; its sessions end at once.
    ///
    /// # Errors
    ///
    /// A refusal, or a 500 when the database fails.
    fn disable(&self, tx: &Tx, me: i64, user_id: i64) -> Result<(), Problem>;

    /// Enables an account that is disabled. Sessions that have ended stay ended.
    ///
    /// # Errors
    ///
    /// A refusal, or a 500 when the database fails.
    fn enable(&self, tx: &Tx, me: i64, user_id: i64) -> Result<(), Problem>;
}

/// Runs `work`, and takes back whatever it has written: what would happen, without its happening.
///
/// # Errors
///
/// Whatever `work` answers, and a 500 when the database fails.
pub fn tried<T>(tx: &Tx, work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    tx.execute_batch("SAVEPOINT tried")?;
    let answer = work();
    let taken_back = tx.execute_batch("ROLLBACK TO tried; RELEASE tried");
    let value = answer?;
    taken_back?;
    Ok(value)
}
