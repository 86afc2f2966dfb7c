//! Errors as pages: whoever opens an address in a browser is told in words, and gets a way on.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;

use super::templates::render;
use super::visit::action;
use super::words;
use crate::given::problem::Problem;

/// Lets a page say what a problem says, to clients that ask for HTML. Below `/api/` problems stay what they are.
pub async fn for_people(request: Request, next: Next) -> Response {
    let wants_a_page = wants_html(request.headers()) && !request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if wants_a_page => as_page(&problem.clone(), response),
        _ => response,
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}

fn as_page(problem: &Problem, response: Response) -> Response {
    let values = context! {
        heading => heading(problem.status()),
        text => words::of_problem(problem),
        part => "accounts",
        actions => [action("/", "To the first page")],
        layout => "layout.html",
        width => "narrow",
    };
    let Ok(html) = render("look/message.html", values) else {
        return response;
    };
    let mut page = (problem.status(), Html(html)).into_response();
    for (name, value) in response.headers() {
        // The problem's own type and length are not the page's; nor does a page ask for a bearer token.
        let replaced = [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::WWW_AUTHENTICATE,
        ];
        if !replaced.contains(name) {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}

fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::METHOD_NOT_ALLOWED => "Not this way",
        StatusCode::PAYLOAD_TOO_LARGE => "Too much at once",
        StatusCode::NOT_IMPLEMENTED => "Not written yet",
        StatusCode::SERVICE_UNAVAILABLE => "Too busy",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}
