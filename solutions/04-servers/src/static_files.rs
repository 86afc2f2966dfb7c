//! Static files: the shop's pages, pictures and styles, from one folder and from nowhere else.
//!
//! The path in a request is text that a stranger wrote. It names a file in the folder, or it names nothing: no dots, no
//! escapes and no links lead out. A browser that has a file already is told so, instead of getting it again.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::http::{Decode, Method, Request, Response, Status, http_date};

/// The type of a file, from what stands behind the last dot of its name, in upper or lower case.
///
/// | ending | type |
/// | --- | --- |
/// | `html` | `text/html; charset=utf-8` |
/// | `css` | `text/css; charset=utf-8` |
/// | `js` | `text/javascript; charset=utf-8` |
/// | `txt` | `text/plain; charset=utf-8` |
/// | `json` | `application/json` |
/// | `svg` | `image/svg+xml` |
/// | `png` | `image/png` |
/// | `jpg`, `jpeg` | `image/jpeg` |
/// | any other, or none | `application/octet-stream`: bytes that the browser saves and does not show |
pub fn content_type(name: &str) -> &'static str {
    let ending = match name.rsplit_once('.') {
        Some((_, ending)) => ending.to_ascii_lowercase(),
        None => String::new(),
    };
    match ending.as_str() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// Finds the file that a request's path names, in `folder` or a folder in it. Nothing (`None`) for every other path.
///
/// ```text
/// /style.css         style.css
/// /covers/12.png     covers/12.png
/// /                  index.html
/// /guide/            guide/index.html
/// /guide             nothing: a folder is no file
/// ```
///
/// - The path begins with `/`; it is cut at its slashes, and then each segment is decoded, once.
/// - A segment names nothing if it is empty, begins with a dot (`..` leads out, `.env` is nobody's business), or holds a
///   `/`, a `\`, a `:` or a control character. On Windows `\` cuts a path, and `C:` begins one.
/// - A path that ends in a slash means the `index.html` there.
/// - What is found must be a regular file, and must lie in `folder` when all links have been followed. Links within the
///   folder are fine.
pub fn find_file(folder: &Path, path: &str, decode: Decode) -> Option<PathBuf> {
    let index = if path.ends_with('/') {
        "index.html"
    } else {
        ""
    };
    let path = format!("{path}{index}");
    let folder = folder.canonicalize().ok()?;
    let mut file = folder.clone();
    for segment in path.strip_prefix('/')?.split('/') {
        let name = decode(segment)?;
        if !is_plain(&name) {
            return None;
        }
        file.push(name);
    }
    // The real path, with all links followed. Comparing the paths as text would take `public-old` for a part of
    // `public`; `Path::starts_with` compares whole parts.
    let file = file.canonicalize().ok()?;
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

/// Whether a name is that of a file in the same folder, on every system.
fn is_plain(name: &str) -> bool {
    let forbidden = |letter: char| letter.is_control() || matches!(letter, '/' | '\\' | ':');
    !name.is_empty() && !name.starts_with('.') && !name.contains(forbidden)
}

/// Answers a request with the file that its path names.
///
/// - GET gets 200 with the file. HEAD gets the same response; the body is left out when it is sent. A file has:
///   - `Content-Type`, as [`content_type`] says, and `X-Content-Type-Options: nosniff`, so that a browser believes it
///   - `ETag`, a text in quotes that is another one when the content has changed, be it within one second
///   - `Last-Modified`, as [`http_date`] writes it, if the system knows it
/// - A client that has the file gets 304 with the same `ETag` and `Last-Modified`, and no body. It has the file if
///   `If-None-Match` is `*` or lists the `ETag`, with or without a `W/` before it. Only if there is no `If-None-Match`:
///   if `If-Modified-Since` is the very text of `Last-Modified`.
/// - What [`find_file`] does not find, or the system does not let the server read, gets 404. Why is nobody's business.
/// - Another method gets 405, and `Allow: GET, HEAD`, if there is such a file.
pub fn serve_file(folder: &Path, request: &Request, decode: Decode) -> Response {
    let content = find_file(folder, &request.head.path, decode)
        .and_then(|file| fs::read(&file).ok().map(|body| (file, body)));
    let Some((file, body)) = content else {
        return Response::text(Status::NOT_FOUND, "there is no such file");
    };
    if request.head.method != Method::Get && request.head.method != Method::Head {
        return Response::text(Status::METHOD_NOT_ALLOWED, "files can only be read")
            .with_header("Allow", "GET, HEAD");
    }
    let tag = entity_tag(&body);
    let modified = last_modified(&file);
    let mut response = if is_known(request, &tag, modified.as_deref()) {
        Response::new(Status::NOT_MODIFIED)
    } else {
        let mut response = Response::new(Status::OK)
            .with_header("Content-Type", content_type(&file.to_string_lossy()))
            .with_header("X-Content-Type-Options", "nosniff");
        response.body = body;
        response
    };
    if let Some(modified) = modified {
        response.headers.add("Last-Modified", &modified);
    }
    response.with_header("ETag", &tag)
}

/// A tag from the content itself: the time of the last change is too coarse on some systems, and changes on its own
/// when a folder is copied.
fn entity_tag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("\"{:016x}\"", hasher.finish())
}

fn last_modified(file: &Path) -> Option<String> {
    let modified: SystemTime = fs::metadata(file).ok()?.modified().ok()?;
    let since_1970 = modified.duration_since(UNIX_EPOCH).ok()?;
    Some(http_date(since_1970.as_secs()))
}

/// Whether the client says that it has this very file.
fn is_known(request: &Request, tag: &str, modified: Option<&str>) -> bool {
    let headers = &request.head.headers;
    if headers.first("If-None-Match").is_some() {
        return headers
            .list("If-None-Match")
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag);
    }
    let known = headers.first("If-Modified-Since");
    known.is_some() && known == modified
}
