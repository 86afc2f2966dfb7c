//! Pages of the shop.

use servers::http::{Response, Status};

/// A page of the shop around a piece of HTML, with the way back to the first page.
pub fn page(status: Status, content: &str) -> Response {
    let mut response =
        Response::new(status).with_header("Content-Type", "text/html; charset=utf-8");
    response.body = html(status, content);
    response
}

/// The same response; but if it says in plain text that something is wrong, it says so on a page.
pub fn page_for(response: Response) -> Response {
    let kind = response.headers.first("Content-Type").unwrap_or_default();
    if response.status.code() < 400 || !kind.starts_with("text/plain") {
        return response;
    }
    let why = String::from_utf8_lossy(&response.body).into_owned();
    let reason = response.status.reason();
    let content = format!("<h1>{reason}</h1><p>{}</p>", escape(why.trim_ascii()));
    let mut converted = page(response.status, &content);
    for (name, value) in response.headers.iter() {
        if !name.eq_ignore_ascii_case("Content-Type") {
            converted.headers.add(name, value);
        }
    }
    converted
}

fn html(status: Status, content: &str) -> Vec<u8> {
    let title = if status.code() < 400 {
        "Lantern"
    } else {
        status.reason()
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <link rel=\"icon\" href=\"/lantern.svg\"><link rel=\"stylesheet\" href=\"/style.css\">\
         <header class=\"top\"><div><a class=\"brand\" href=\"/\">Lantern</a></div></header><main>{content}\
         <p class=\"actions\"><a class=\"button second\" href=\"/\">Back to the shop</a></p></main></html>\n"
    )
    .into_bytes()
}

/// Text as it may stand in HTML, also in an attribute. Without it a visitor's search could bring a script along.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
