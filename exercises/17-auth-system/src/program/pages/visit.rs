//! One visit of a page: who comes, what a page needs to know of it, and how pages are answered.

use std::collections::HashMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::value::merge_maps;
use minijinja::{Value, context};

use super::csrf::Guard;
use super::templates::render;
use super::words;
use crate::given::app::{App, Cx};
use crate::given::neighbours::{Current, Presented};
use crate::given::problem::Problem;

/// The fields of a form, or of a query.
pub(super) type Fields = HashMap<String, String>;

pub(super) fn field(fields: &Fields, name: &str) -> String {
    fields.get(name).cloned().unwrap_or_default()
}

/// Codes are copied in groups ("123 456"): the spaces are no part of them.
pub(super) fn code_field(fields: &Fields) -> String {
    let code = field(fields, "code");
    code.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A link to go on with.
pub(super) fn action(href: &str, label: &str) -> Value {
    context! { href, label }
}

/// What a page's handler answers.
pub(super) type Answer = Result<Response, Refused>;

/// The page that a visitor gets instead of the one that was asked for.
pub(super) struct Refused(Box<Response>);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

/// The request's context, who is signed in by the cookie, and the guard of the forms.
pub(super) struct Visit {
    pub(super) cx: Cx,
    pub(super) current: Option<Current>,
    guard: Guard,
    /// The page that the visited address belongs to: `/devices` for `/devices/end`.
    here: String,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let guard = Guard::new(app, &parts.headers)?;
        let asked = cx.clone().run(|cx| {
            let Some(cookie) = &cx.client().cookie else {
                return Ok(None);
            };
            cx.read(|tx| {
                let sessions = &tx.neighbours().sessions;
                sessions.authenticate(tx, Presented::Cookie(cookie))
            })
        });
        let first = parts.uri.path().split('/').nth(1).unwrap_or_default();
        Ok(Self {
            current: asked.await?,
            cx,
            guard,
            here: format!("/{first}"),
        })
    }
}

impl Visit {
    /// Runs blocking work in the request's context.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.cx.clone().run(work).await
    }

    /// The same for work that may hash a password.
    pub(super) async fn run_hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.cx.clone().run_hashing(work).await
    }

    /// A page of text, as wide as text is read well.
    pub(super) fn page(&self, template: &str, values: Value) -> Response {
        self.answer(StatusCode::OK, template, values)
    }

    /// A page again, with what was wrong. The errors of `shown` stand beside their fields, all others on top.
    pub(super) fn again(
        &self,
        template: &str,
        problem: &Problem,
        shown: &[&str],
        values: Value,
    ) -> Response {
        let wrong = context! {
            error => words::of_problem(problem),
            errors => minijinja::value::Serde(problem.errors()),
            fields => minijinja::value::Serde(shown),
        };
        let response = self.answer(problem.status(), template, merge_maps([wrong, values]));
        with_headers_of(problem, response)
    }

    /// A page that says that something went well, and where to go on.
    pub(super) fn done(&self, heading: &str, text: &str, actions: &[Value]) -> Response {
        let layout = "layout.html";
        let values =
            context! { heading, text, actions => actions.to_vec(), layout, width => "narrow" };
        self.page("look/message.html", values)
    }

    /// A page that says what is wrong, and where to go on.
    pub(super) fn refusal(&self, problem: &Problem, actions: &[Value]) -> Response {
        let values = context! {
            heading => "That did not work",
            actions => actions.to_vec(),
            layout => "layout.html",
            width => "narrow",
        };
        self.again("look/message.html", problem, &[], values)
    }

    fn answer(&self, status: StatusCode, template: &str, values: Value) -> Response {
        let known = context! {
            part => "accounts",
            csrf => self.guard.token(),
            signed_in => self.current.is_some(),
            here => self.here.as_str(),
        };
        let mut response = match render(template, merge_maps([known, values])) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(problem) => problem.into_response(),
        };
        if let Some(cookie) = self.guard.new_cookie() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Refuses a form that was not sent from one of our own pages.
    pub(super) fn check(&self, fields: &Fields) -> Result<(), Refused> {
        if self.guard.accepts(&field(fields, "csrf")) {
            return Ok(());
        }
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "form_expired",
            "This form has expired. Open the page again, and send it once more.",
        );
        let back = match self.here.as_str() {
            "/sign-out" => "/",
            here => here,
        };
        let open = action(back, "Open the page again");
        Err(self.refusal(&problem, &[open]).into())
    }

    /// Who is signed in, or the way to the sign-in page.
    pub(super) fn current(&self) -> Result<Current, Refused> {
        self.current
            .clone()
            .ok_or_else(|| Redirect::to("/sign-in").into_response().into())
    }
}

/// What a problem says in headers (Retry-After), a page says as well.
pub(super) fn with_headers_of(problem: &Problem, mut page: Response) -> Response {
    let told = problem.clone().into_response();
    if let Some(wait) = told.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

/// The response with one more cookie.
pub(super) fn with_cookie(response: impl IntoResponse, cookie: &str) -> Response {
    let mut response = response.into_response();
    match HeaderValue::from_str(cookie) {
        Ok(value) => {
            response.headers_mut().append(header::SET_COOKIE, value);
            response
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}
