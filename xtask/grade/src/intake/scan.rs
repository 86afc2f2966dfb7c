//! Looks through the tokens of a source, macro bodies included, for what a solution never needs and a grade cannot
//! stand: unchecked code, reading other files while compiling, and what reaches into the linker.

use std::str::FromStr;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// Words that are refused wherever they stand as a word of their own.
const WORDS: [(&str, &str); 7] = [
    ("unsafe", "`unsafe` is not allowed"),
    ("include_str", "`include_str!` reads a file while compiling"),
    (
        "include_bytes",
        "`include_bytes!` reads a file while compiling",
    ),
    ("option_env", "`option_env!` reads the grader's environment"),
    ("global_asm", "inline assembly is not allowed"),
    ("naked_asm", "inline assembly is not allowed"),
    ("global_allocator", "a global allocator is not allowed"),
];

/// Attributes that are refused by the first word of their path.
const ATTRIBUTES: [&str; 9] = [
    "link",
    "link_name",
    "link_section",
    "link_ordinal",
    "linkage",
    "no_mangle",
    "export_name",
    "no_link",
    "used",
];

/// What stands in a source that must not be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub why: String,
}

/// Everything in a source that must not be compiled, the first line first. A text that does not split into tokens has
/// nothing to say here, and `None` is answered.
pub fn scan(source: &str) -> Option<Vec<Fault>> {
    let tokens = TokenStream::from_str(source).ok()?;
    let mut found: Vec<Fault> = Vec::new();
    let mut note = |(span, why): (Span, String)| {
        let line = span.start().line;
        found.push(Fault { line, why });
    };
    // Brackets may be nested as deep as a file is long, so the open ones wait here and not on the stack.
    let mut pending = vec![(tokens, false)];
    while let Some((stream, is_attribute)) = pending.pop() {
        scan_stream(stream, is_attribute, &mut pending, &mut note);
    }
    found.sort_by_key(|fault| fault.line);
    Some(found)
}

/// A word without the sign of a raw one: `r#include_str!` reads a file like `include_str!`.
pub fn plain(word: &proc_macro2::Ident) -> String {
    let text = word.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

fn scan_stream(
    stream: TokenStream,
    is_attribute: bool,
    pending: &mut Vec<(TokenStream, bool)>,
    note: &mut impl FnMut((Span, String)),
) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    if is_attribute && let Err(fault) = scan_attribute(&tokens) {
        note(fault);
    }
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let word = plain(ident);
                // `r#unsafe` is a name like any other.
                let is_name = word == "unsafe" && *ident != "unsafe";
                if let Some((_, why)) = WORDS.iter().find(|(refused, _)| *refused == word)
                    && !is_name
                {
                    note((ident.span(), (*why).to_owned()));
                }
                let follows = |sign: char| matches!(tokens.get(index + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
                let renamed =
                    matches!(tokens.get(index + 1), Some(TokenTree::Ident(next)) if next == "as");
                if word == "include" && (follows('!') || renamed) {
                    let why = "`include!` reads a file while compiling".to_owned();
                    note((ident.span(), why));
                }
            }
            TokenTree::Group(group) => {
                let inside =
                    group.delimiter() == Delimiter::Bracket && is_after_hash(&tokens, index);
                pending.push((group.stream(), inside));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Whether the group at `index` belongs to `#[…]` or `#![…]`.
fn is_after_hash(tokens: &[TokenTree], index: usize) -> bool {
    let sign = |back: usize| {
        let position = index.checked_sub(back)?;
        match tokens.get(position) {
            Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
            _ => None,
        }
    };
    sign(1) == Some('#') || (sign(1) == Some('!') && sign(2) == Some('#'))
}

/// The inside of an attribute; that of `cfg_attr(condition, attribute, …)` is looked at part by part.
fn scan_attribute(tokens: &[TokenTree]) -> Result<(), (Span, String)> {
    let Some(TokenTree::Ident(first)) = tokens.first() else {
        return Ok(());
    };
    let word = plain(first);
    let assigned = matches!(tokens.get(1), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
    if word == "path" && assigned {
        let why = "`#[path]` takes a module from another file".to_owned();
        return Err((first.span(), why));
    }
    if ATTRIBUTES.contains(&word.as_str()) {
        return Err((first.span(), format!("`#[{word}]` is not allowed")));
    }
    if word == "cfg_attr"
        && let Some(TokenTree::Group(group)) = tokens.get(1)
    {
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for part in inner.split(is_comma) {
            scan_attribute(part)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::scan;

    #[test]
    fn what_reaches_past_the_language_is_refused_with_its_line() {
        for source in [
            "fn f() {\n unsafe { g() } }",
            "const S: &str =\n r#include_str!(\"../a\");",
            "const S: &[u8] = std::\nr#include_bytes!(\"a\");",
            "const S: &str =\n std::r#option_env!(\"TOKEN\");",
            "\nr#include!(\"a.rs\");",
            "use std::{\nr#include as take};",
            "\n#[r#path = \"../../solutions/a.rs\"] mod a;",
            "\n#[r#cfg_attr(all(), r#path = \"a.rs\")] mod a;",
            "\n#[r#global_allocator] static A: System = System;",
            "\n#![r#link_section = \".init_array\"]",
            "macro_rules! m {\n () => { unsafe {} } }",
            "const S: &str =\n include_str!(\"../a\");",
            "use std::\ninclude_bytes as bytes;",
            "\ninclude!(\"a.rs\");",
            "use std::{fmt,\n include as take};",
            "const K: Option<&str> =\n option_env!(\"TOKEN\");",
            "\n#[path = \"../../solutions/a.rs\"] mod a;",
            "\n#[cfg_attr(all(), path = \"a.rs\")] mod a;",
            "\n#[cfg_attr(all(), cfg_attr(all(), path = \"a.rs\"))] mod a;",
            "\n#![link_section = \".init_array\"]",
            "\n#[no_mangle] fn main() {}",
            "\n#[global_allocator] static A: std::alloc::System = std::alloc::System;",
            "\ncore::arch::global_asm!(\"nop\");",
        ] {
            let said = scan(source).expect("the source has tokens");
            assert!(
                said.iter().any(|fault| fault.line == 2),
                "{source}: {said:?}"
            );
        }
    }

    #[test]
    fn ordinary_code_is_let_through() {
        for source in [
            "/// unsafe include_str!\nfn is_unsafe() -> &'static str { \"unsafe include!\" }",
            "fn r#unsafe() { r#unsafe() }",
            "struct Filter { include: bool, path: String }",
            "impl Filter { fn include(&self) -> bool { Self::include(self) } }",
            "fn path(path: &str) { let path = path; }",
            "fn list(link: u8, used: u8) -> Vec<[u8; 2]> { vec![used, link]; [link, used] }",
            "#[utoipa::path(get, path = \"/books\")] async fn list() {}",
            "#[serde(rename = \"path\")] struct A;",
            "const NAME: &str = env!(\"CARGO_PKG_NAME\");",
        ] {
            assert_eq!(scan(source), Some(Vec::new()), "{source}");
        }
    }

    #[test]
    fn deep_brackets_do_not_exhaust_the_stack() {
        let source = "(".repeat(60_000) + &")".repeat(60_000);
        assert_eq!(scan(&source), Some(Vec::new()));
    }

    #[test]
    fn a_text_without_tokens_is_left_to_the_compiler() {
        assert_eq!(scan("fn f() { "), None);
    }
}
