//! What the API answers, field by field as the specification names them.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use serde::Serialize;
use serde_json::value::RawValue;

use super::problem::Problem;

/// The signed-in user's own entry, in `{"user": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub email: String,
    pub token: String,
    pub username: String,
    pub bio: Option<String>,
    pub image: Option<String>,
}

/// What others see of a user, in `{"profile": …}` and as the author of what they wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub username: String,
    pub bio: Option<String>,
    pub image: Option<String>,
    /// Whether the caller follows this user; false without a token.
    pub following: bool,
}

/// The tags of an article, in their order: the JSON of `articles.tag_list`, which goes into the answer as it is.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct TagList(Box<RawValue>);

impl FromSql for TagList {
    /// Reads the column: `row.get("tag_list")?`.
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let json = value.as_str()?.to_owned();
        let json =
            RawValue::from_string(json).map_err(|error| FromSqlError::Other(error.into()))?;
        Ok(Self(json))
    }
}

impl TagList {
    /// The tags one by one.
    ///
    /// # Errors
    ///
    /// A 500 for anything but an array of texts.
    pub fn names(&self) -> Result<Vec<String>, Problem> {
        serde_json::from_str(self.0.get()).map_err(|error| Problem::internal(&error))
    }
}

/// A whole article, in `{"article": …}`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Article {
    pub slug: String,
    pub title: String,
    pub description: String,
    pub body: String,
    pub tag_list: TagList,
    /// See [`rfc3339`](super::clock::rfc3339).
    pub created_at: String,
    pub updated_at: String,
    /// Whether the caller has marked it; false without a token.
    pub favorited: bool,
    pub favorites_count: i64,
    pub author: Profile,
}

/// An article in a list: without its body.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub slug: String,
    pub title: String,
    pub description: String,
    pub tag_list: TagList,
    pub created_at: String,
    pub updated_at: String,
    pub favorited: bool,
    pub favorites_count: i64,
    pub author: Profile,
}

/// A page of a list: `{"articles": […], "articlesCount": 123}`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Articles {
    pub articles: Vec<Summary>,
    /// How many match, on all pages together.
    pub articles_count: i64,
}

/// A comment, in `{"comment": …}` and `{"comments": […]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub id: i64,
    pub created_at: String,
    pub updated_at: String,
    pub body: String,
    pub author: Profile,
}

/// `{"user": …}`
#[derive(Debug, Clone, Serialize)]
pub struct UserAnswer {
    pub user: User,
}

/// `{"profile": …}`
#[derive(Debug, Clone, Serialize)]
pub struct ProfileAnswer {
    pub profile: Profile,
}

/// `{"article": …}`
#[derive(Debug, Clone, Serialize)]
pub struct ArticleAnswer {
    pub article: Article,
}

/// `{"comment": …}`
#[derive(Debug, Clone, Serialize)]
pub struct CommentAnswer {
    pub comment: Comment,
}

/// `{"comments": […]}`
#[derive(Debug, Clone, Serialize)]
pub struct CommentsAnswer {
    pub comments: Vec<Comment>,
}

/// `{"tags": […]}`
#[derive(Debug, Clone, Serialize)]
pub struct TagsAnswer {
    pub tags: Vec<String>,
}
