//! Simple answers to the traits of `neighbours`: tests of one milestone use them for all the others. None of them protects
//! anything; they refuse what no milestone may ask of another one (a write on a reading connection, a hash inside of a
//! transaction). The program itself uses none of them.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::OptionalExtension as _;

use super::app::{Cx, Tx};
use super::clock::rfc3339;
use super::config::Config;
use super::database;
use super::hasher::Hasher;
use super::neighbours::{Articles, Found, Neighbours, Passwords, Profiles, Tags, Tokens, Users};
use super::problem::Problem;
use super::views::{Article, Profile, User};

/// What was asked of the stand-ins, in order: `hash`, `profile 5 for 3`, … Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    /// Writes a line, up to ten thousand of them.
    pub fn note(&self, line: impl Into<String>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < 10_000 {
            lines.push(line.into());
        }
    }

    /// Takes what was written so far.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Fails where nothing can be written: what is asked of a milestone that writes belongs into `Cx::write`.
fn must_be_able_to_write(tx: &Tx) -> Result<(), Problem> {
    tx.execute("DELETE FROM totals WHERE id IS NULL", [])?;
    Ok(())
}

/// A stand-in for every milestone.
#[must_use]
pub fn neighbours(journal: &Journal) -> Neighbours {
    Neighbours {
        hasher: Hasher::new(&Config::for_tests()),
        passwords: Arc::new(PlainPasswords(journal.clone())),
        users: Arc::new(PlainUsers(journal.clone())),
        tokens: Arc::new(PlainTokens(journal.clone())),
        profiles: Arc::new(PlainProfiles(journal.clone())),
        articles: Arc::new(PlainArticles(journal.clone())),
        tags: Arc::new(PlainTags(journal.clone())),
    }
}

/// "Hashes" are readable as such. Notes `hash`.
pub struct PlainPasswords(pub Journal);

impl Passwords for PlainPasswords {
    fn hash(&self, password: &str) -> Result<String, Problem> {
        self.0.note("hash");
        if database::is_writing() {
            self.0.note("hash inside of a transaction");
            return Err(Problem::internal(&"Argon2 ran inside of a transaction"));
        }
        Ok(format!("stand-in:{password}"))
    }
}

/// The row, with the token `token-of-7`. Notes `user 7`.
pub struct PlainUsers(pub Journal);

impl Users for PlainUsers {
    fn view(&self, tx: &Tx, user_id: i64) -> Result<User, Problem> {
        self.0.note(format!("user {user_id}"));
        let user = tx
            .query_row(
                "SELECT email, username, bio, image FROM users WHERE id = ?1",
                [user_id],
                |row| {
                    Ok(User {
                        email: row.get(0)?,
                        token: format!("token-of-{user_id}"),
                        username: row.get(1)?,
                        bio: row.get(2)?,
                        image: row.get(3)?,
                    })
                },
            )
            .optional()?;
        user.ok_or_else(Problem::token_is_invalid)
    }
}

/// The token `user-7` is user 7, whether or not there is one. Notes `issue 7`.
pub struct PlainTokens(pub Journal);

impl Tokens for PlainTokens {
    fn issue(&self, _cx: &Cx, user_id: i64) -> Result<String, Problem> {
        self.0.note(format!("issue {user_id}"));
        Ok(format!("user-{user_id}"))
    }

    fn authenticate(&self, _cx: &Cx, token: &str) -> Option<i64> {
        token.strip_prefix("user-")?.parse().ok()
    }
}

/// The row; whoever asks with a token is told that they follow. Notes `profile 5 for 3`, `profile 5 for nobody`.
pub struct PlainProfiles(pub Journal);

impl Profiles for PlainProfiles {
    fn view(&self, tx: &Tx, user_id: i64, caller: Option<i64>) -> Result<Profile, Problem> {
        self.0
            .note(format!("profile {user_id} for {}", name(caller)));
        let profile = tx
            .query_row(
                "SELECT username, bio, image FROM users WHERE id = ?1",
                [user_id],
                |row| {
                    Ok(Profile {
                        username: row.get(0)?,
                        bio: row.get(1)?,
                        image: row.get(2)?,
                        following: caller.is_some(),
                    })
                },
            )
            .optional()?;
        profile.ok_or_else(|| Problem::not_found("profile"))
    }
}

/// The row; whoever asks with a token is told that they have marked it. The author has no more than a name. Notes
/// `find <slug>`, `article 9 for 3` and `article 9 for nobody`.
pub struct PlainArticles(pub Journal);

impl Articles for PlainArticles {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        self.0.note(format!("find {slug}"));
        let found = tx
            .query_row(
                "SELECT id, author_id FROM articles WHERE slug = ?1",
                [slug],
                |row| {
                    Ok(Found {
                        id: row.get(0)?,
                        author_id: row.get(1)?,
                    })
                },
            )
            .optional()?;
        found.ok_or_else(|| Problem::not_found("article"))
    }

    fn view(&self, tx: &Tx, article_id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        self.0
            .note(format!("article {article_id} for {}", name(caller)));
        let article = tx
            .query_row(
                "SELECT slug, title, description, body, tag_list, created_at, updated_at, favorites_count, author_id
                 FROM articles WHERE id = ?1",
                [article_id],
                |row| {
                    let author: i64 = row.get(8)?;
                    Ok(Article {
                        slug: row.get(0)?,
                        title: row.get(1)?,
                        description: row.get(2)?,
                        body: row.get(3)?,
                        tag_list: row.get(4)?,
                        created_at: rfc3339(row.get(5)?),
                        updated_at: rfc3339(row.get(6)?),
                        favorited: caller.is_some(),
                        favorites_count: row.get(7)?,
                        author: Profile {
                            username: format!("user {author}"),
                            bio: None,
                            image: None,
                            following: false,
                        },
                    })
                },
            )
            .optional()?;
        article.ok_or_else(|| Problem::not_found("article"))
    }
}

/// Writes the list as it is, and no table. Notes `tags of 9: a, b`.
pub struct PlainTags(pub Journal);

impl Tags for PlainTags {
    fn set(&self, tx: &Tx, article_id: i64, tags: &[String]) -> Result<(), Problem> {
        self.0
            .note(format!("tags of {article_id}: {}", tags.join(", ")));
        must_be_able_to_write(tx)?;
        let list = serde_json::to_string(tags).map_err(|error| Problem::internal(&error))?;
        tx.execute(
            "UPDATE articles SET tag_list = ?2 WHERE id = ?1",
            (article_id, list),
        )?;
        Ok(())
    }
}

fn name(caller: Option<i64>) -> String {
    caller.map_or("nobody".to_owned(), |id| id.to_string())
}
