//! The pages. minijinja escapes whatever stands in them, so a title with a `<` is a title with a `<`.

use std::sync::OnceLock;

use axum::http::StatusCode;
use minijinja::{Environment, Error, Value, context};

use super::failure::Failure;
use super::parts::Parts;
use super::wishes::{FieldError, Priority, State, Wish};

fn environment() -> &'static Result<Environment<'static>, Error> {
    static PAGES: OnceLock<Result<Environment<'static>, Error>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let mut pages = Environment::new();
        for (name, source) in look::TEMPLATES {
            pages.add_template(name, source)?;
        }
        pages.add_template("layout.html", include_str!("pages/layout.html"))?;
        pages.add_template("list.html", include_str!("pages/list.html"))?;
        pages.add_template("error.html", include_str!("pages/error.html"))?;
        pages.add_template("rounds.html", include_str!("pages/rounds.html"))?;
        pages.add_template("round.html", include_str!("pages/round.html"))?;
        Ok(pages)
    })
}

/// One page.
///
/// # Errors
///
/// When a template is broken.
pub fn render(name: &str, values: Value) -> Result<String, Failure> {
    let rendered = match environment() {
        Ok(pages) => pages
            .get_template(name)
            .and_then(|page| page.render(context! { part => "wish list", ..values })),
        Err(error) => return Err(Failure::Broken(error.to_string().into())),
    };
    rendered.map_err(|error| Failure::Broken(Box::new(error)))
}

/// The list, with its form. The model decides the order, the prices and what is still open.
///
/// # Errors
///
/// When a template is broken.
pub fn list(parts: &Parts, mut wishes: Vec<Wish>) -> Result<String, Failure> {
    (parts.model.sort)(&mut wishes);
    let open = (parts.model.show_cents)((parts.model.open_cents)(&wishes));
    let shown: Vec<Value> = wishes
        .iter()
        .map(|wish| {
            let (state, by) = match &wish.state {
                State::Wanted => ("wanted", ""),
                State::Reserved { by } => ("reserved", by.as_str()),
                State::Given { by } => ("given", by.as_str()),
            };
            let priority = match wish.priority {
                Priority::Low => "low",
                Priority::Normal => "normal",
                Priority::High => "high",
            };
            context! {
                id => wish.id,
                title => wish.title.as_str(),
                price => (parts.model.show_cents)(u64::from(wish.cents)),
                link => wish.link.as_deref(),
                priority => priority,
                state => state,
                by => by,
            }
        })
        .collect();
    render(
        "list.html",
        context! { title => &*parts.title, wishes => shown, open => open },
    )
}

/// The page of a failure, with a way back to the list.
///
/// # Errors
///
/// When a template is broken.
pub fn error(
    status: StatusCode,
    detail: &str,
    errors: &[FieldError],
    request_id: &str,
) -> Result<String, Failure> {
    let errors: Vec<Value> = errors
        .iter()
        .map(|error| context! { field => error.field, message => error.message.as_str() })
        .collect();
    let title = status.canonical_reason().unwrap_or("It did not work");
    render(
        "error.html",
        context! { title => title, status => status.as_u16(), detail => detail, errors => errors, id => request_id },
    )
}
