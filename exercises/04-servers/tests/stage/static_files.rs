use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use servers::http::{Head, Method, Request, Response};
use servers::static_files::{content_type, find_file, serve_file};
use tempfile::TempDir;

use crate::decoding::decode;

/// A folder `public` with the shop's files, and around it what nobody may see.
struct Site {
    around: TempDir,
}

impl Site {
    fn new() -> Site {
        let site = Site {
            around: TempDir::new().expect("a temporary folder"),
        };
        for (name, content) in [
            ("secret.txt", "the secret"),
            ("public-old/secret.txt", "the secret"),
            ("public/index.html", "<h1>Lantern</h1>"),
            ("public/style.css", "h1 { color: teal }"),
            ("public/a b.txt", "a space"),
            ("public/100%25.txt", "two escapes"),
            ("public/guide/index.html", "<h1>Guide</h1>"),
            ("public/guide/notes.TXT", "notes"),
            ("public/empty/.keep", "the secret"),
            ("public/.env", "the secret"),
            ("public/.git/config", "the secret"),
        ] {
            let path = site.around.path().join(name);
            fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("a folder can be made");
            fs::write(&path, content).expect("a file can be written");
        }
        site
    }

    fn public(&self) -> PathBuf {
        self.around.path().join("public")
    }

    /// The content of the file that a path names.
    fn find(&self, path: &str) -> Option<String> {
        let file: Option<PathBuf> = find_file(&self.public(), path, decode);
        file.map(|file| {
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
    }

    fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request {
            head: Head::new(method, path),
            body: Vec::new(),
        };
        for (name, value) in headers {
            request.head.headers.add(name, value);
        }
        serve_file(&self.public(), &request, decode)
    }
}

/// The type comes from the ending of the name, in upper or lower case.
#[test]
fn a_type_comes_from_the_ending() {
    for (name, expected) in [
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("cart.js", "text/javascript; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("books.json", "application/json"),
        ("logo.svg", "image/svg+xml"),
        ("cover.png", "image/png"),
        ("cover.jpg", "image/jpeg"),
        ("cover.JPEG", "image/jpeg"),
        ("INDEX.HTML", "text/html; charset=utf-8"),
        ("a.b.css", "text/css; charset=utf-8"),
        ("backup.html.gz", "application/octet-stream"),
        ("html", "application/octet-stream"),
        ("xhtml", "application/octet-stream"),
        ("page.", "application/octet-stream"),
        ("page.htm", "application/octet-stream"),
        ("page.html ", "application/octet-stream"),
        ("page. html", "application/octet-stream"),
        ("cart.mjs", "application/octet-stream"),
        ("notes.md", "application/octet-stream"),
        ("books.csv", "application/octet-stream"),
        ("books.xml", "application/octet-stream"),
        ("cover.gif", "application/octet-stream"),
        ("cover.webp", "application/octet-stream"),
        ("guide.pdf", "application/octet-stream"),
        ("books.jsonl", "application/octet-stream"),
        ("", "application/octet-stream"),
    ] {
        let found: &str = content_type(name);
        assert_eq!(found, expected, "the type of {name:?}");
    }
}

/// A path names a file of the folder; one that ends in a slash names the index there; its segments are decoded once.
#[test]
fn a_path_names_a_file() {
    let site = Site::new();
    for (path, expected) in [
        ("/", Some("<h1>Lantern</h1>")),
        ("/index.html", Some("<h1>Lantern</h1>")),
        ("/style.css", Some("h1 { color: teal }")),
        ("/guide/", Some("<h1>Guide</h1>")),
        ("/guide/notes.TXT", Some("notes")),
        ("/a%20b.txt", Some("a space")),
        ("/gu%61ide/", None),
        ("/style.c%73s", None),
        ("/%61%20b.txt", Some("a space")),
        ("/100%2525.txt", Some("two escapes")),
        ("/100%25.txt", None),
        ("/guide", None),
        ("/empty/", None),
        ("/style.css/", None),
        ("/missing.html", None),
        ("style.css", None),
        ("", None),
        ("*", None),
    ] {
        let found: Option<String> = site.find(path);
        assert_eq!(found.as_deref(), expected, "the file that {path:?} names");
    }
    // A name that is not there is not guessed.
    for name in ["page.html", "guide/index.htm", "empty/index.htm"] {
        fs::write(site.public().join(name), "guessed").expect("a file can be written");
    }
    for path in [
        "/page",
        "/page.htm",
        "/empty/",
        "/empty/index",
        "/guide/index",
    ] {
        assert_eq!(site.find(path), None, "the file that {path:?} names");
    }
    let nowhere: Option<PathBuf> =
        find_file(&site.around.path().join("missing"), "/index.html", decode);
    assert_eq!(nowhere, None, "in a folder that is not there");
}

/// No path leads out of the folder or to a hidden file: no dots, encoded or not, no second slash, no absolute path, no
/// backslash, no drive, no NUL.
#[test]
fn no_path_leads_out() {
    let site = Site::new();
    let absolute = site.around.path().join("secret.txt").display().to_string();
    let encoded = absolute
        .replace('/', "%2F")
        .replace('\\', "%5c")
        .replace(':', "%3a");
    for path in [
        "/../secret.txt",
        "/../public-old/secret.txt",
        "/guide/../../secret.txt",
        "/./../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2e/secret.txt",
        "/.%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%2Fsecret.txt",
        "/guide%2F..%2F..%2Fsecret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "/%252e%252e%252fsecret.txt",
        "/public/../../secret.txt",
        "/missing/../../secret.txt",
        "//../secret.txt",
        "/..",
        "/../",
        "/%2e%2e",
        "/../public/index.html",
        "/guide/../index.html",
        "/guide/./index.html",
        "/./index.html",
        "/guide%2Findex.html",
        "/guide%5cindex.html",
        "//index.html",
        "/guide//index.html",
        "/%2Findex.html",
        "/index.html%00",
        "/style.css;v=2",
        "/style.css?v=2",
        "/style.css#top",
        "/index.html%00.png",
        "/%zz",
        "/%20index.html",
        "/%20guide/index.html",
        "/guide/%20index.html",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/empty/.keep",
        &absolute,
        &format!("/{absolute}"),
        &format!("/{encoded}"),
        &encoded,
    ] {
        let found: Option<String> = site.find(path);
        assert_eq!(found, None, "the path {path:?}");
        let status: u16 = site.ask(Method::Get, path, &[]).status.code();
        assert_eq!(status, 404, "GET {path:?}");
    }
    // A letter in front of a colon names a drive, or on some systems a hidden stream of a file.
    fs::write(site.public().join("a.txt"), "a").expect("a file can be written");
    for name in [
        "a.txt:x",
        "c:a.txt",
        "a\\b.txt",
        "a\u{1}.txt",
        "a\t.txt",
        "a\u{7f}.txt",
        "a\u{85}.txt",
        "a\u{9f}.txt",
    ] {
        // On Unix these are names like any other; they are not served there either, so that one rule holds everywhere.
        if cfg!(unix) {
            fs::write(site.public().join(name), "the secret").expect("a file can be written");
        }
        assert_eq!(site.find(&format!("/{name}")), None, "the name {name:?}");
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, from)
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match to.is_dir() {
        true => std::os::windows::fs::symlink_dir(to, from),
        false => std::os::windows::fs::symlink_file(to, from),
    }
}

/// A link within the folder is followed; a link that leads out names nothing, and neither does what lies behind it.
#[test]
fn no_link_leads_out() {
    let site = Site::new();
    let (public, around) = (site.public(), site.around.path());
    let links = [
        ("inside.css", public.join("style.css")),
        ("manual", public.join("guide")),
        ("outside.txt", around.join("secret.txt")),
        ("old", around.join("public-old")),
        ("up", around.to_path_buf()),
        ("gone.txt", around.join("missing.txt")),
    ];
    let mut made = 0;
    for (name, to) in &links {
        // Windows lets only some users make links; then there is nothing to follow, and nothing is found.
        if link(&public.join(name), to).is_ok() {
            made += 1;
        }
    }
    assert!(made == links.len() || cfg!(windows), "{made} links made");
    for (path, expected) in [
        ("/inside.css", Some("h1 { color: teal }")),
        ("/manual/", Some("<h1>Guide</h1>")),
        ("/outside.txt", None),
        ("/old/secret.txt", None),
        ("/up/secret.txt", None),
        ("/gone.txt", None),
    ] {
        let found: Option<String> = site.find(path);
        let expected = expected.filter(|_| made == links.len());
        assert_eq!(found.as_deref(), expected, "the path {path:?}");
    }
    let folder = site.around.path().join("entrance");
    if link(&folder, &public).is_ok() {
        let found: Option<PathBuf> = find_file(&folder, "/style.css", decode);
        assert!(
            found.is_some(),
            "the folder itself may be reached by a link"
        );
    }
    assert!(
        site.find("/style.css").is_some(),
        "files that are no links are found as before"
    );
}

/// A file that the system does not let the server read is not there, as far as anybody is told.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_not_there() {
    use std::os::unix::fs::PermissionsExt;

    let site = Site::new();
    let file = site.public().join("style.css");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("the file is ours");
    // Nothing is unreadable for root.
    let expected = if fs::read(&file).is_ok() { 200 } else { 404 };
    let response: Response = site.ask(Method::Get, "/style.css", &[]);
    assert_eq!(response.status.code(), expected, "a file of mode 000");
}

/// A file comes with its type, its tag and the date of its last change; HEAD gets the same. Other methods get 405 where
/// there is a file, and 404 where there is none.
#[test]
fn a_file_comes_with_its_headers() {
    let site = Site::new();
    let changed = UNIX_EPOCH + Duration::new(784_111_777, 900_000_000);
    let style = File::options()
        .write(true)
        .open(site.public().join("style.css"))
        .expect("the file is there");
    style.set_modified(changed).expect("the date can be set");
    for method in [Method::Get, Method::Head] {
        let response: Response = site.ask(method, "/style.css", &[]);
        assert_eq!(response.status.code(), 200, "{}", method.name());
        assert_eq!(
            String::from_utf8_lossy(&response.body),
            "h1 { color: teal }",
            "{}",
            method.name()
        );
        for (name, value) in [
            ("Content-Type", "text/css; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            let values: Vec<&str> = response.headers.all(name).collect();
            assert_eq!(values, [value], "the header {name} for {}", method.name());
        }
        let tag = response.headers.first("ETag").unwrap_or_default();
        assert!(
            tag.trim_start_matches("W/").starts_with('"') && tag.ends_with('"'),
            "a tag in quotes, not {tag:?}"
        );
    }
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/guide/", "text/html; charset=utf-8"),
        ("/style%2ecss", "text/css; charset=utf-8"),
        ("/guide/notes.TXT", "text/plain; charset=utf-8"),
    ] {
        let response: Response = site.ask(Method::Get, path, &[]);
        let found = response.headers.first("Content-Type");
        assert_eq!(found, Some(kind), "the type of {path}");
    }
    for method in [
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
    ] {
        let response: Response = site.ask(method, "/style.css", &[("If-None-Match", "*")]);
        assert_eq!(response.status.code(), 405, "{}", method.name());
        let mut allow: Vec<&str> = response.headers.list("Allow").collect();
        allow.sort_unstable();
        assert_eq!(
            allow,
            ["GET", "HEAD"],
            "what is allowed instead of {}",
            method.name()
        );
        assert_eq!(
            site.ask(method, "/missing", &[]).status.code(),
            404,
            "{} of no file",
            method.name()
        );
    }
}

/// A file is bytes: a picture is no text, and whatever is in a file arrives as it is, also its line ends and nothing at
/// all.
#[test]
fn a_file_arrives_byte_for_byte() {
    let site = Site::new();
    let mut generator = support::seeded(0xF11E);
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let random = (0..20_000)
        .map(|_| generator.bits().to_le_bytes()[0])
        .collect();
    for (name, content) in [
        ("cover.png", every),
        ("random.bin", random),
        ("empty.css", Vec::new()),
        ("large.bin", vec![7; 3_000_000]),
        ("lines.txt", b"\xef\xbb\xbf a\r\nb\n\n ".to_vec()),
        ("old.html", b"caf\xe9".to_vec()),
    ] {
        fs::write(site.public().join(name), &content).expect("a file can be written");
        let response: Response = site.ask(Method::Get, &format!("/{name}"), &[]);
        assert_eq!(
            response.status.code(),
            200,
            "the status of /{name}, {} bytes",
            content.len()
        );
        let differ = response
            .body
            .iter()
            .zip(&content)
            .position(|(got, lies)| got != lies);
        assert_eq!(
            differ, None,
            "the first byte of /{name} that is another one"
        );
        assert_eq!(response.body.len(), content.len(), "the length of /{name}");
        assert_eq!(
            response.headers.first("X-Content-Type-Options"),
            Some("nosniff"),
            "whatever is in /{name}, a browser believes its type"
        );
    }
}

/// A client that has the file gets 304 and no body. The tag decides, and the date only where the client names no tag.
#[test]
fn a_client_that_has_the_file_does_not_get_it_again() {
    let site = Site::new();
    let first: Response = site.ask(Method::Get, "/style.css", &[]);
    let tag = first.headers.first("ETag").unwrap_or_default();
    let date = first.headers.first("Last-Modified").unwrap_or_default();
    let bare = tag.trim_start_matches("W/");
    let weak = format!("W/{bare}");
    let small = format!("w/{bare}");
    let apart = format!("W/ {bare}");
    let list = format!("\"other\", {tag}, \"more\"");
    let unquoted = bare.trim_matches('"');
    let tail = format!("x{bare}");
    let other_case: String = bare
        .chars()
        .map(|letter| match letter.is_ascii_lowercase() {
            true => letter.to_ascii_uppercase(),
            false => letter.to_ascii_lowercase(),
        })
        .collect();
    // A tag without letters is the same in both cases.
    let other_case_status = if other_case == bare { 304 } else { 200 };
    let other_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (headers, status) in [
        (&[("If-None-Match", tag)][..], 304),
        (&[("If-None-Match", bare)], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", &list)], 304),
        (
            &[("If-None-Match", "\"other\""), ("if-none-match", tag)],
            304,
        ),
        (&[("If-None-Match", "*")], 304),
        (&[("If-None-Match", "\"other\"")], 200),
        (&[("If-None-Match", "\"*\"")], 200),
        (&[("If-None-Match", unquoted)], 200),
        (&[("If-None-Match", &tail)], 200),
        (&[("If-None-Match", &small)], 200),
        (&[("If-None-Match", &apart)], 200),
        (&[("If-None-Match", &other_case)], other_case_status),
        (&[("If-None-Match", ""), ("If-Modified-Since", date)], 200),
        (
            &[("If-None-Match", " , "), ("If-Modified-Since", date)],
            200,
        ),
        (&[("If-None-Match", "")], 200),
        (&[("If-None-Match", "*x")], 200),
        (&[("If-Modified-Since", date)], 304),
        (&[("If-Modified-Since", other_date)], 200),
        (&[("If-Modified-Since", "yesterday")], 200),
        (&[("If-Modified-Since", "")], 200),
        (
            &[("If-None-Match", "\"other\""), ("If-Modified-Since", date)],
            200,
        ),
        (
            &[("If-None-Match", tag), ("If-Modified-Since", other_date)],
            304,
        ),
        (&[], 200),
    ] {
        for method in [Method::Get, Method::Head] {
            let response: Response = site.ask(method, "/style.css", headers);
            assert_eq!(
                response.status.code(),
                status,
                "{} with {headers:?}",
                method.name()
            );
            assert_eq!(
                response.body.is_empty(),
                status == 304,
                "a body with {headers:?}"
            );
            assert_eq!(
                response.headers.first("ETag"),
                Some(tag),
                "the tag with {headers:?}"
            );
            assert_eq!(
                response.headers.first("Last-Modified"),
                Some(date),
                "the date with {headers:?}"
            );
        }
    }
}

/// A date is compared as a text: with something behind it, it is another one.
#[test]
fn a_date_is_compared_as_a_text() {
    let site = Site::new();
    let handle = File::options()
        .write(true)
        .open(site.public().join("style.css"))
        .expect("the file is there");
    handle
        .set_modified(UNIX_EPOCH + Duration::from_secs(784_111_777))
        .expect("the date can be set");
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (text, status) in [
        (date, 304),
        ("Sun, 06 Nov 1994 08:49:37 GMT; length=18", 200),
        ("Sun, 06 Nov 1994 08:49:37", 200),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
        ("sun, 06 nov 1994 08:49:37 gmt", 200),
        ("SUN, 06 NOV 1994 08:49:37 GMT", 200),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 200),
    ] {
        let response: Response =
            site.ask(Method::Get, "/style.css", &[("If-Modified-Since", text)]);
        assert_eq!(
            response.status.code(),
            status,
            "If-Modified-Since: {text}, the file is of {date}"
        );
    }
}

/// A file that has changed has another tag, and a client with the old one gets the new content.
#[test]
fn a_changed_file_has_another_tag() {
    let mut generator = support::seeded(0x304);
    let site = Site::new();
    let file = site.public().join("price.txt");
    let mut known: Vec<String> = Vec::new();
    for change in 0..50 {
        let content = format!("{change} {}", generator.number(100..1_000));
        fs::write(&file, &content).expect("a file can be written");
        let handle = File::options()
            .write(true)
            .open(&file)
            .expect("the file is there");
        // Two changes fall into each second.
        let changed = UNIX_EPOCH + Duration::from_millis(1_000_000_000_000 + 500 * change);
        handle.set_modified(changed).expect("the date can be set");
        let list = known.join(", ");
        let response: Response = site.ask(Method::Get, "/price.txt", &[("If-None-Match", &list)]);
        assert_eq!(
            response.status.code(),
            200,
            "change {change}: the client knows {} old tags",
            known.len()
        );
        assert_eq!(
            String::from_utf8_lossy(&response.body),
            content,
            "change {change}"
        );
        known.push(
            response
                .headers
                .first("ETag")
                .unwrap_or_default()
                .to_string(),
        );
        let again: Response = site.ask(
            Method::Get,
            "/price.txt",
            &[("If-None-Match", &known.join(", "))],
        );
        assert_eq!(
            again.status.code(),
            304,
            "change {change}: now the client knows the tag"
        );
    }
}

/// Two contents of one length have two tags, wherever they differ, and a large file arrives whole.
#[test]
fn every_byte_of_a_file_counts() {
    let mut generator = support::seeded(0x305);
    let site = Site::new();
    let file = site.public().join("cover.png");
    let mut content: Vec<u8> = (0..200_000)
        .map(|_| generator.bits().to_le_bytes()[0])
        .collect();
    let mut tags: Vec<String> = Vec::new();
    for (second, at) in [0, 1, 1_023, 1_024, 65_536, 131_072, 199_999]
        .into_iter()
        .enumerate()
    {
        content[at] = content[at].wrapping_add(1);
        fs::write(&file, &content).expect("a file can be written");
        let handle = File::options()
            .write(true)
            .open(&file)
            .expect("the file is there");
        let second = u64::try_from(second).expect("a small number");
        let changed = UNIX_EPOCH + Duration::from_secs(1_000_000_000 + second);
        handle.set_modified(changed).expect("the date can be set");
        let response: Response = site.ask(Method::Get, "/cover.png", &[]);
        assert_eq!(response.status.code(), 200, "byte {at} has changed");
        assert_eq!(
            response.body.len(),
            content.len(),
            "bytes of body, byte {at} has changed"
        );
        assert!(
            response.body == content,
            "the body is the file, byte {at} has changed"
        );
        let tag = response
            .headers
            .first("ETag")
            .unwrap_or_default()
            .to_string();
        assert!(
            !tags.contains(&tag),
            "byte {at} has changed, and the tag {tag} is an old one"
        );
        tags.push(tag);
    }
}

/// Dots inside of a name are letters like any other, and so is whatever else a plain name may hold.
#[test]
fn dots_inside_of_a_name_are_letters() {
    let site = Site::new();
    for name in [
        "a..b.txt",
        "a.b.c.txt",
        "1...txt",
        "a.txt~",
        "a.bak",
        "caf\u{e9}.txt",
    ] {
        fs::write(site.public().join(name), name).expect("a file can be written");
        let found: Option<String> = site.find(&format!("/{name}"));
        assert_eq!(found.as_deref(), Some(name), "the path /{name}");
    }
}

/// Whatever is put together from dangerous pieces, nothing but the public files is found.
#[test]
fn whatever_is_asked_only_public_files_are_found() {
    let mut generator = support::seeded(0x7001);
    let site = Site::new();
    let pieces = [
        "..",
        ".",
        "/",
        "//",
        "%2e",
        "%2e%2e",
        "%2f",
        "%2F",
        "%5c",
        "\\",
        "%00",
        "%25",
        "%252e",
        "c:",
        "%3a",
        "~",
        "*",
        "guide",
        "public",
        "public-old",
        "secret.txt",
        "index.html",
        ".env",
        ".git",
        "config",
        "empty",
        "style.css",
        "",
    ];
    let public = ["<h1>Lantern</h1>", "h1 { color: teal }", "<h1>Guide</h1>"];
    let mut found = 0;
    for case in 0..3_000 {
        let mut path = String::from("/");
        for _ in 0..generator.size(1..7) {
            let piece: &&str = generator.pick(&pieces);
            path.push_str(piece);
            if generator.coin() {
                path.push('/');
            }
        }
        let last: &&str = generator.pick(&["", "secret.txt", "index.html"]);
        path.push_str(last);
        if let Some(content) = site.find(&path) {
            assert!(
                public.contains(&content.as_str()),
                "case {case}: {path:?} gave {content:?}"
            );
            let plain = !path.contains("//") && !path.contains("..") && !path.contains(['\\', ':']);
            assert!(
                plain,
                "case {case}: {path:?} has a part that names nothing, and gave {content:?}"
            );
            found += 1;
        }
    }
    assert!(found > 10, "only {found} of the random paths named a file");
}
