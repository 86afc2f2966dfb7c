//! What the compiler shows, cut to what its reader can change.

/// The compiler's text without what it shows of the standard library: such a part is about code that nobody here can
/// change, and it pushes the line that matters off the screen. A part begins with a note or a help of its own, or with
/// another file of the same.
pub fn without_library(rendered: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    // Where the note or help began that is read at the moment.
    let mut heading = None;
    // Up to what is left out: another file of the same note, or a whole note.
    let mut leaves_out: Option<Part> = None;
    for line in rendered.trim_end().lines() {
        let plain = without_colours(line);
        match part_of(&plain) {
            Some(Part::Heading) => {
                heading = (!kept.is_empty()).then_some(kept.len());
                leaves_out = None;
            }
            Some(Part::File(path)) if is_of_library(&path) => match heading {
                Some(start) if plain.contains("-->") => {
                    kept.truncate(start);
                    leaves_out = Some(Part::Heading);
                }
                _ if leaves_out.is_none() => leaves_out = Some(Part::Remark),
                _ => {}
            },
            Some(Part::File(_) | Part::Remark) => {
                leaves_out = leaves_out.filter(|part| *part == Part::Heading);
            }
            None => {}
        }
        if leaves_out.is_none() {
            kept.push(line);
        }
    }
    let is_empty = |line: &&str| matches!(without_colours(line).trim(), "" | "|");
    while kept.last().is_some_and(is_empty) {
        kept.pop();
    }
    kept.join("\n")
}

/// A line that something begins with, in what the compiler shows.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// `error: …`, `note: …`, `help: …`
    Heading,
    /// `--> PATH:LINE:COLUMN`, `::: PATH:LINE:COLUMN`
    File(String),
    /// `= note: …`
    Remark,
}

fn part_of(line: &str) -> Option<Part> {
    let inside = line.trim_start();
    let is_heading = line.starts_with(|first: char| first.is_ascii_lowercase());
    if is_heading && line.contains(": ") {
        return Some(Part::Heading);
    }
    if inside.starts_with("= ") {
        return Some(Part::Remark);
    }
    let path = inside
        .strip_prefix("--> ")
        .or_else(|| inside.strip_prefix("::: "))?;
    Some(Part::File(path.to_owned()))
}

/// Where the standard library's own files lie, with and without its sources on this machine.
pub fn is_of_library(path: &str) -> bool {
    let path = path.replace('\\', "/");
    path.starts_with("/rustc/") || path.contains("/lib/rustlib/src/rust/library/")
}

/// The line without the codes for colours, which end with an `m`.
fn without_colours(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let after = piece
            .strip_prefix('[')
            .and_then(|code| code.split_once('m'));
        plain.push_str(after.map_or(piece, |(_, after)| after));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::without_library;

    #[test]
    fn what_the_library_looks_like_is_left_out() {
        let rendered = "\
error[E0277]: cannot add `&str` to `u32`
 --> judged/exercises/01-tiny/src/sums.rs:5:9
  |
5 |     one + \"a\"
  |         ^ no implementation for `u32 + &str`
  |
  = help: the trait `Add<&str>` is not implemented for `u32`
help: the following other types implement trait `Add<Rhs>`
 --> /rustc/59807616e1/library/core/src/ops/arith.rs:99:8
  |
  = note: `u32` implements `Add`
 ::: /rustc/59807616e1/library/core/src/ops/arith.rs:114:0
  |
  = note: in this macro invocation
help: \u{1b}[1mconsider\u{1b}[0m a number
  |
5 -     one + \"a\"
";
        let left = without_library(rendered);
        assert!(!left.contains("/rustc/"), "{left}");
        assert!(
            left.starts_with("error[E0277]") && left.contains("= help: the trait"),
            "{left}"
        );
        assert!(
            left.ends_with("a number\n  |\n5 -     one + \"a\""),
            "{left}"
        );
        let beside = "\
error[E0308]: mismatched types
  --> judged/exercises/01-tiny/src/sums.rs:5:9
   |
5  |     one
   |     ^^^ expected `String`
  ::: /home/a/.rustup/toolchains/x/lib/rustlib/src/rust/library/alloc/src/string.rs:300:1
   |
300 | pub struct String {
   |
   = note: expected
";
        let left = without_library(beside);
        assert!(!left.contains("pub struct String"), "{left}");
        assert!(
            left.contains("expected `String`") && left.ends_with("= note: expected"),
            "{left}"
        );
        let only = "error: linking failed\n --> /rustc/1/library/core/src/a.rs:1:1";
        assert_eq!(without_library(only), "error: linking failed");
    }
}
