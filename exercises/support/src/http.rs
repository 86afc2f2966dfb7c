//! Requests and their answers, with messages for whoever reads a failed test.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

/// Sends the request and waits for the answer's head.
pub async fn answer(request: RequestBuilder) -> Response {
    match request.send().await {
        Ok(response) => response,
        Err(error) => panic!(
            "no answer came: {error}.\nA handler that panics closes the connection; its own message stands above"
        ),
    }
}

/// The answer's status code as a number: shorter to compare, and shorter to read in a failed test.
pub fn status(response: &Response) -> u16 {
    response.status().as_u16()
}

/// A header of the answer as text, or `None` where it is missing.
pub fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    match value.to_str() {
        Ok(text) => Some(text.to_owned()),
        Err(_) => panic!("the header {name} is not plain text: {value:?}"),
    }
}

/// The answer's body as text.
pub async fn text(response: Response) -> String {
    let url = response.url().clone();
    match response.text().await {
        Ok(text) => text,
        Err(error) => panic!("the body of {url} broke off: {error}"),
    }
}

/// The answer's body, read as JSON.
pub async fn json(response: Response) -> Value {
    let status = response.status();
    let url = response.url().clone();
    let body = text(response).await;
    match serde_json::from_str(&body) {
        Ok(value) => value,
        Err(error) => {
            panic!("{url} answered {status} with a body that is not JSON ({error}): {body:?}")
        }
    }
}
