//! What stands behind the question mark: which articles, and which page of them.

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::app::App;
use super::problem::{INVALID, Problem};

/// The most articles on a page: whoever asks for more gets so many.
pub const LARGEST_PAGE: i64 = 100;
/// How many articles a page has for whoever does not say.
pub const USUAL_PAGE: i64 = 20;

/// Which part of a list: `limit` and `offset`.
///
/// `limit` is 1 at least, `offset` 0; anything else is a 422, `is invalid`. A number of any length is one, so `offset` may be
/// as large as `i64::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many articles at most: from 1 to [`LARGEST_PAGE`].
    pub limit: i64,
    /// How many are left out before the first one: from 0 to `i64::MAX`.
    pub offset: i64,
}

/// Which articles: what is named must hold, all of it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// They have this tag.
    pub tag: Option<String>,
    /// The user with this name has written them.
    pub author: Option<String>,
    /// The user with this name has marked them.
    pub favorited: Option<String>,
    /// And of those this page.
    pub page: Page,
}

impl FromRequestParts<App> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        page(&pairs(parts)?)
    }
}

impl FromRequestParts<App> for Filter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        filter(&pairs(parts)?)
    }
}

type Pairs = Vec<(String, String)>;

fn pairs(parts: &Parts) -> Result<Pairs, Problem> {
    let Query(pairs) = Query::try_from_uri(&parts.uri)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "query", "could not be read"))?;
    Ok(pairs)
}

fn page(pairs: &Pairs) -> Result<Page, Problem> {
    let limit = number(pairs, "limit", 1, USUAL_PAGE);
    let offset = number(pairs, "offset", 0, 0);
    match (limit, offset) {
        (Some(limit), Some(offset)) => Ok(Page {
            limit: limit.min(LARGEST_PAGE),
            offset,
        }),
        (limit, offset) => {
            let wrong = [("limit", limit.is_none()), ("offset", offset.is_none())];
            let wrong = wrong.into_iter().filter(|(_, wrong)| *wrong);
            let errors: Vec<(&str, &str)> = wrong.map(|(name, _)| (name, INVALID)).collect();
            Err(Problem::invalid(&errors))
        }
    }
}

fn filter(pairs: &Pairs) -> Result<Filter, Problem> {
    Ok(Filter {
        tag: text(pairs, "tag")?,
        author: text(pairs, "author")?,
        favorited: text(pairs, "favorited")?,
        page: page(pairs)?,
    })
}

fn text(pairs: &Pairs, name: &str) -> Result<Option<String>, Problem> {
    once(pairs, name)
        .map(|value| value.map(str::to_owned))
        .map_err(|Twice| Problem::invalid(&[(name, INVALID)]))
}

fn number(pairs: &Pairs, name: &str, least: i64, usual: i64) -> Option<i64> {
    let Some(text) = once(pairs, name).ok()? else {
        return Some(usual);
    };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Digits alone fail to be a number by being too many.
    let number = text.parse().unwrap_or(i64::MAX);
    (number >= least).then_some(number)
}

/// The parameter stands there twice: which one counts?
struct Twice;

fn once<'a>(pairs: &'a Pairs, name: &str) -> Result<Option<&'a str>, Twice> {
    let mut values = pairs.iter().filter(|(found, _)| found == name);
    let first = values.next().map(|(_, value)| value.as_str());
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Twice),
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_PAGE, Page, filter, page};

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        query.iter().map(owned).collect()
    }

    #[test]
    fn a_page_has_limits() {
        for (query, limit, offset) in [
            (&[][..], 20, 0),
            (&[("limit", "1")], 1, 0),
            (&[("limit", "100"), ("offset", "0")], LARGEST_PAGE, 0),
            (&[("limit", "101"), ("offset", "7")], LARGEST_PAGE, 7),
            (
                &[
                    ("limit", "99999999999999999999"),
                    ("offset", "99999999999999999999"),
                ],
                LARGEST_PAGE,
                i64::MAX,
            ),
        ] {
            let found = page(&pairs(query)).expect("a page");
            assert_eq!(found, Page { limit, offset }, "{query:?}");
        }
        for (query, wrong) in [
            (&[("limit", "0")][..], "limit"),
            (&[("limit", "")], "limit"),
            (&[("limit", "-1")], "limit"),
            (&[("limit", "1.5")], "limit"),
            (&[("limit", "1"), ("limit", "1")], "limit"),
            (&[("offset", "-1")], "offset"),
            (&[("offset", "x")], "offset"),
        ] {
            let problem = page(&pairs(query)).expect_err("no page");
            assert_eq!(problem.status().as_u16(), 422, "{query:?}");
            assert!(problem.errors().contains_key(wrong), "{query:?}");
        }
    }

    #[test]
    fn a_filter_is_named_once() {
        let found = filter(&pairs(&[("tag", "a b"), ("author", ""), ("other", "x")]));
        let found = found.expect("a filter");
        assert_eq!(found.tag.as_deref(), Some("a b"));
        assert_eq!(found.author.as_deref(), Some(""));
        assert_eq!(found.favorited, None);
        assert!(filter(&pairs(&[("tag", "a"), ("tag", "b")])).is_err());
    }
}
