//! What a person should look at, whatever the points are: code that no test can see through. None of it is forbidden, and
//! most of it is honest where it stands; it is named, and nothing is taken for it.

use std::collections::BTreeMap;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::intake::plain;

/// A kind of code that is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A comparison that is not derived.
    Comparison,
    /// A shape that stretches lifetimes.
    Lifetimes,
    /// A function that asks who calls it.
    Caller,
}

const KINDS: [Kind; 3] = [Kind::Comparison, Kind::Lifetimes, Kind::Caller];

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Comparison => {
                "writes a comparison by hand, and a test that compares such values believes it"
            }
            Kind::Lifetimes => {
                "has the shape of a known hole in the compiler, by which a reference outlives what it refers to"
            }
            Kind::Caller => "asks where it was called from, which tells tests apart",
        }
    }
}

/// What the course itself has for one file: what stands in it is no news in a submission. Read once for a class.
#[derive(Debug, Default)]
pub struct Known {
    /// How many places of each kind one text has at most.
    most: BTreeMap<Kind, usize>,
    /// The types of the starter that the course's own answers keep as they are, unless nobody can look into them.
    given: BTreeMap<String, Type>,
}

impl Known {
    /// Reads the texts that the course has for a file, the starter first.
    pub fn of(texts: &[&str]) -> Self {
        let mut most = BTreeMap::new();
        let mut all_types = Vec::new();
        for text in texts {
            let tokens = tokens_of(text);
            let found = shapes(tokens.clone());
            for kind in KINDS {
                let most = most.entry(kind).or_insert(0);
                *most = lines_of(kind, &found).len().max(*most);
            }
            all_types.push(types(tokens));
        }
        let mut all_types = all_types.into_iter();
        let mut given = all_types.next().unwrap_or_default();
        let answers: Vec<BTreeMap<String, Type>> = all_types.collect();
        given.retain(|name, given| {
            !given.is_closed && answers.iter().all(|types| has_as_given(types, name, given))
        });
        Self { most, given }
    }

    /// What is worth a look in the `text` that a submission has for the file at `path`, a sentence each.
    pub fn looks(&self, path: &str, text: &str) -> Vec<String> {
        let tokens = tokens_of(text);
        let found = shapes(tokens.clone());
        let mut said = Vec::new();
        for kind in KINDS {
            let mut own = lines_of(kind, &found);
            if own.len() > self.most.get(&kind).copied().unwrap_or(0) {
                own.dedup();
                let numbers: Vec<String> = own.iter().map(usize::to_string).collect();
                said.push(format!(
                    "{path}, line {}: {}",
                    numbers.join(", "),
                    kind.words()
                ));
            }
        }
        said.extend(self.changed_types(path, &types(tokens)));
        said
    }

    /// The types that were given and are others now.
    fn changed_types(&self, path: &str, own: &BTreeMap<String, Type>) -> Vec<String> {
        let mut said = Vec::new();
        for (name, given) in &self.given {
            if has_as_given(own, name, given) {
                continue;
            }
            said.push(match own.get(name) {
                Some(found) => format!(
                    "{path}, line {}: the type `{name}` is not as it was given, and tests compare its values",
                    found.line
                ),
                None => format!(
                    "{path}: the type `{name}` that was given is not defined here, and tests compare its values"
                ),
            });
        }
        said
    }
}

/// The tokens of a source; none where it has no sense.
fn tokens_of(source: &str) -> TokenStream {
    TokenStream::from_str(source).unwrap_or_default()
}

fn lines_of(kind: Kind, found: &[(Kind, usize)]) -> Vec<usize> {
    let own = found.iter().filter(|(one, _)| *one == kind);
    own.map(|(_, line)| *line).collect()
}

fn has_as_given(types: &BTreeMap<String, Type>, name: &str, given: &Type) -> bool {
    types.get(name).is_some_and(|one| one.text == given.text)
}

/// A group of tokens that is still to be looked through.
struct Open {
    tokens: Vec<TokenTree>,
    /// It is the inside of `#[…]`, or of a part of it.
    in_attribute: bool,
    /// It is what a macro is called with: nobody knows what becomes of it.
    in_call: bool,
}

/// Every place of every kind, in the order of the lines.
fn shapes(tokens: TokenStream) -> Vec<(Kind, usize)> {
    let mut found = Vec::new();
    let mut pending = vec![Open {
        tokens: tokens.into_iter().collect(),
        in_attribute: false,
        in_call: false,
    }];
    while let Some(open) = pending.pop() {
        for (index, token) in open.tokens.iter().enumerate() {
            let line = token.span().start().line;
            match token {
                TokenTree::Ident(word) => {
                    let kind = of_word(&open.tokens, index, &plain(word));
                    found.extend(kind.map(|kind| (kind, line)));
                }
                TokenTree::Punct(_) => {
                    if stretches(&open.tokens[index..]) {
                        found.push((Kind::Lifetimes, line));
                    }
                }
                TokenTree::Group(group) => {
                    let in_attribute = open.in_attribute
                        || group.delimiter() == Delimiter::Bracket
                            && is_after_hash(&open.tokens, index);
                    let is_derive = in_attribute && word_at(&open.tokens, index, 1) == "derive";
                    // What is derived is the compiler's; but a macro may make anything of such words.
                    if !is_derive || open.in_call {
                        pending.push(Open {
                            tokens: group.stream().into_iter().collect(),
                            in_attribute,
                            in_call: open.in_call || is_call(&open.tokens, index),
                        });
                    }
                }
                TokenTree::Literal(_) => {}
            }
        }
    }
    found.sort_unstable_by_key(|(kind, line)| (*line, *kind));
    found
}

fn of_word(tokens: &[TokenTree], index: usize, word: &str) -> Option<Kind> {
    let is_defined = word_at(tokens, index, 1) == "fn";
    let is_method_call = sign_at(tokens, index, 1) == Some('.');
    match word {
        "PartialEq" if !is_bound(tokens, index) => Some(Kind::Comparison),
        // Whatever the trait is called, this is what it takes to implement it.
        "eq" | "ne" if !is_method_call => Some(Kind::Comparison),
        "partial_cmp" | "cmp" | "lt" | "le" | "gt" | "ge" if is_defined => Some(Kind::Comparison),
        "track_caller" | "Backtrace" => Some(Kind::Caller),
        _ => None,
    }
}

/// The word `back` places before `index`, or nothing.
fn word_at(tokens: &[TokenTree], index: usize, back: usize) -> String {
    match index.checked_sub(back).and_then(|at| tokens.get(at)) {
        Some(TokenTree::Ident(word)) => plain(word),
        _ => String::new(),
    }
}

/// The sign `back` places before `index`.
fn sign_at(tokens: &[TokenTree], index: usize, back: usize) -> Option<char> {
    match index.checked_sub(back).and_then(|at| tokens.get(at)) {
        Some(TokenTree::Punct(sign)) => Some(sign.as_char()),
        _ => None,
    }
}

/// Whether the group at `index` belongs to `#[…]` or `#![…]`.
fn is_after_hash(tokens: &[TokenTree], index: usize) -> bool {
    let before = |back| sign_at(tokens, index, back);
    before(1) == Some('#') || (before(1) == Some('!') && before(2) == Some('#'))
}

/// Whether the group at `index` is what a macro is called with; a definition is none.
fn is_call(tokens: &[TokenTree], index: usize) -> bool {
    sign_at(tokens, index, 1) == Some('!') && !word_at(tokens, index, 2).is_empty()
}

/// Whether the trait at `index` is asked of a type: `T: PartialEq`, `Debug + PartialEq`.
fn is_bound(tokens: &[TokenTree], index: usize) -> bool {
    let sign = |at: usize| sign_at(tokens, at, 0);
    // Back over the path that it may have, `std::cmp::PartialEq`.
    let mut start = index;
    while start >= 3 && sign(start - 1) == Some(':') && sign(start - 2) == Some(':') {
        start -= 3;
    }
    start > 0 && [Some(':'), Some('+')].contains(&sign(start - 1)) || sign(index + 1) == Some('+')
}

/// Whether the tokens begin with a reference to a reference whose lifetimes are both named, `&'a &'b`, with `&&()`, or with a
/// lifetime that must outlive another one, `'b: 'a`.
fn stretches(tokens: &[TokenTree]) -> bool {
    let sign = |at: usize| sign_at(tokens, at, 0);
    let lifetime = |at: usize| sign(at) == Some('\'');
    let is_unit = |at: usize| {
        matches!(tokens.get(at), Some(TokenTree::Group(group))
            if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
    };
    match sign(0) {
        Some('&') => {
            let second = if lifetime(1) { 3 } else { 1 };
            let behind = if lifetime(second + 1) {
                second + 3
            } else {
                second + 1
            };
            let both = lifetime(1) && lifetime(second + 1);
            sign(second) == Some('&') && (both || is_unit(behind))
        }
        Some('\'') => sign(2) == Some(':') && lifetime(3),
        _ => false,
    }
}

/// A definition of a struct, an enum or an alias at the top of a file.
#[derive(Debug)]
struct Type {
    line: usize,
    /// Everything that matters to who uses it.
    text: String,
    /// It is for its own file only, or a struct without public fields that derives no comparison.
    is_closed: bool,
}

/// The types that are defined at the top of a file, by their names.
fn types(tokens: TokenStream) -> BTreeMap<String, Type> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found: BTreeMap<String, Type> = BTreeMap::new();
    // A condition decides whether what follows it is there at all.
    let mut condition = String::new();
    let (mut derives_comparison, mut is_public) = (false, false);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) if is_after_hash(&tokens, at - 1) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                derives_comparison |= group.to_string().contains("PartialEq");
                if word_at(&inside, 0, 0).starts_with("cfg") {
                    condition.push_str(&group.to_string());
                }
            }
            TokenTree::Ident(word)
                if ["struct", "enum", "union", "type"]
                    .iter()
                    .any(|one| *word == *one) =>
            {
                let name = word_at(&tokens, at, 0);
                let mut text = format!("{condition} {word}");
                while let Some(token) = tokens.get(at) {
                    at += 1;
                    write_token(token, &mut text);
                    let ends = match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(sign) => sign.as_char() == ';',
                        _ => false,
                    };
                    if ends {
                        break;
                    }
                }
                condition.clear();
                let line = word.span().start().line;
                let has_public_fields = text.split_whitespace().any(|word| word.ends_with("pub"));
                let is_opaque = *word == "struct" && !has_public_fields && !derives_comparison;
                let is_closed = !is_public || is_opaque;
                (derives_comparison, is_public) = (false, false);
                // Two of one name are never as given.
                let twice = found.remove(&name).map(|other| other.text);
                let text = twice.map_or(text.clone(), |other| other + &text);
                found.insert(
                    name,
                    Type {
                        line,
                        text,
                        is_closed,
                    },
                );
            }
            TokenTree::Ident(word) if *word == "pub" => is_public = true,
            TokenTree::Group(_) if word_at(&tokens, at - 1, 1) == "pub" => {}
            TokenTree::Punct(sign) if ['#', '!'].contains(&sign.as_char()) => {}
            _ => {
                condition.clear();
                (derives_comparison, is_public) = (false, false);
            }
        }
    }
    found
}

/// Writes a token without attributes and without a comma at the end of a group.
fn write_token(token: &TokenTree, out: &mut String) {
    let TokenTree::Group(group) = token else {
        let text = token.to_string();
        out.push(' ');
        out.push_str(text.strip_prefix("r#").unwrap_or(&text));
        return;
    };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    out.push_str(&format!("{:?}(", group.delimiter()));
    let last = inside.len().saturating_sub(1);
    for (index, token) in inside.iter().enumerate() {
        let is_comma = matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',');
        let is_hash = matches!(token, TokenTree::Punct(sign) if sign.as_char() == '#');
        let is_condition = matches!(token, TokenTree::Group(group) if group.stream().to_string().starts_with("cfg"));
        let is_attribute = is_after_hash(&inside, index) && !is_condition;
        if !(is_hash || is_attribute || is_comma && index == last) {
            write_token(token, out);
        }
    }
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::{Kind, Known, shapes, tokens_of};

    fn looks(path: &str, text: &str, known: &[&str]) -> Vec<String> {
        Known::of(known).looks(path, text)
    }

    fn lines(source: &str) -> Vec<usize> {
        let found = shapes(tokens_of(source)).into_iter();
        let mut lines: Vec<usize> = found
            .filter(|(kind, _)| *kind == Kind::Comparison)
            .map(|(_, line)| line)
            .collect();
        lines.dedup();
        lines
    }

    #[test]
    fn comparisons_by_hand_are_found_and_derived_ones_are_not() {
        let source = "#[derive(Debug, PartialEq)]\n#[cfg_attr(all(), derive(PartialEq))]\nstruct A;\n\
                      impl PartialEq<A> for u8 { fn eq(&self, _: &A) -> bool { true } }\n\
                      m! { impl std::cmp::PartialEq for B {} }\n// PartialEq\n";
        assert_eq!(lines(source), [4, 5]);
        for honest in [
            "fn f<T: PartialEq + Debug, U: Debug + std::cmp::PartialEq>(a: impl PartialEq + Copy) {}",
            "fn f() { a.iter().eq(b.iter()) && a.ne(&b) && a.cmp(&b).is_eq() }",
            "macro_rules! id { ($n:ident) => { #[derive(PartialEq, Eq)] struct $n(u32); } }\nid!(A);",
            "fn f() { ",
        ] {
            assert_eq!(lines(honest), Vec::<usize>::new(), "{honest}");
        }
    }

    #[test]
    fn a_comparison_is_found_in_every_form() {
        for source in [
            "\nimpl r#PartialEq for A {}",
            "\nuse std::cmp::PartialEq as P;",
            "\nuse std::{cmp::{PartialEq as P}};",
            "\nimpl P for A { fn r#eq(&self, _: &A) -> bool { true } }",
            "\nm!(PartialEq, A);",
            "\nm! { derive(PartialEq) struct A; }",
            "\nm! { #[derive(PartialEq)] struct A; }",
            "macro_rules! m { ($f:ident) => { fn $f(&self, _: &A) -> bool { true } } } impl P for A {\n m!(eq); }",
            "macro_rules! m { ($($t:tt)*) => {\n other!{ #[derive(PartialEq)] $($t)* } } }",
            "\nmacro_rules! derive { () => { impl PartialEq for A {} } }",
            "impl Ord for A {\n fn cmp(&self, _: &A) -> Ordering { Ordering::Equal } }",
        ] {
            assert!(lines(source).contains(&2), "{source}: {:?}", lines(source));
        }
    }

    #[test]
    fn shapes_of_known_holes_and_questions_for_the_caller_are_found() {
        let kinds = |source: &str| -> Vec<Kind> {
            shapes(tokens_of(source))
                .into_iter()
                .map(|(kind, _)| kind)
                .collect()
        };
        for source in [
            "static UNIT: &'static &'static () = &X;",
            "const UNIT: &&() = &X;",
            "fn f<'a, 'b, T>(_: &'a &'b (), v: &'b T) -> &'a T { v }",
            "fn f<'a, 'b, T>(_: &'a &'b mut (), v: &'b T) {}",
            "m!(&'r#a &'r#b ());",
            "struct W<'a, 'b: 'a>(PhantomData<(&'a (), &'b ())>);",
        ] {
            assert!(kinds(source).contains(&Kind::Lifetimes), "{source}");
        }
        for source in [
            "fn f<'a>(one: &'a str, other: &&'a str) -> bool { 'outer: loop { break 'outer; } one.is_empty() && (a) }",
            "fn f(a: &[&str]) { a.iter().map(|x: &&str| x.len() & 1) }",
        ] {
            assert!(kinds(source).is_empty(), "{source}: {:?}", kinds(source));
        }
        assert_eq!(kinds("#[track_caller] fn f() {}"), [Kind::Caller]);
        assert_eq!(kinds("m!(#[r#track_caller])"), [Kind::Caller]);
    }

    const STARTER: &str = "/// Why.\n#[derive(Debug, PartialEq)]\npub enum Error {\n    /// Nothing.\n    Empty,\n    Long { by: u8 },\n}\npub struct Cart {}\n\
                           #[derive(Debug, Clone)]\npub struct Till { lock: u8 }\n";

    #[test]
    fn a_given_type_that_is_another_now_is_named() {
        let solution = STARTER.replace("Cart {}", "Cart { sum: u32 }");
        for (text, said) in [
            (
                "#[derive(PartialEq)] pub enum Error { One } impl Error { pub const Empty: Self = Self::One; }",
                "line 1: the type `Error`",
            ),
            ("pub type Error = Mine;", "line 1: the type `Error`"),
            (
                "pub use mine::Error;",
                "`Error` that was given is not defined",
            ),
            (
                "m! { pub enum Error { Empty, Long { by: u8 } } }",
                "`Error` that was given is not defined",
            ),
            (
                "#[cfg(any())]\npub enum Error { Empty, Long { by: u8 } }\nm!(Error);",
                "line 2: the type `Error`",
            ),
            (
                "pub enum Error { Empty, #[cfg(any())] Long { by: u8 } }",
                "line 1: the type `Error`",
            ),
            (
                "mod decoy { pub enum Error { Empty, Long { by: u8 } } }",
                "is not defined",
            ),
            (
                "pub enum Error { Empty, Long { by: Any } }",
                "line 1: the type `Error`",
            ),
        ] {
            let found = looks("src/a.rs", text, &[STARTER, &solution]);
            assert!(
                found.iter().any(|one| one.contains(said)),
                "{text}: {found:?}"
            );
        }
        for text in [
            STARTER,
            "#[derive(PartialEq, Clone, Copy)] #[allow(unused)]\npub enum Error { Empty, Long { by: u8, }, }\nstruct Mine;\npub struct Cart { prices: Vec<u32> }\npub struct Till { count: u64 }",
        ] {
            let found = looks("src/a.rs", text, &[STARTER, &solution]);
            assert_eq!(found, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_the_course_has_itself_is_no_news() {
        let own = "impl PartialEq for A { fn eq(&self, _: &A) -> bool { true } }";
        assert_eq!(looks("src/a.rs", own, &["", own]), Vec::<String>::new());
        assert_eq!(looks("src/a.rs", own, &[own]), Vec::<String>::new());
        let twice = format!("{own}\n{own}");
        assert_eq!(looks("src/a.rs", &twice, &["", own]).len(), 1);
    }
}
