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
    todo!("what stands behind the last dot, in lower case")
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
    todo!("cut, decode, check each name, put the path together, follow the links, look where it is")
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
    todo!("find and read the file, check the method, compare what the client has")
}
