//! Makes the overlay's copy of the tests prove that they came to their end.
//!
//! Text is put between the braces of each test's body, on the lines that are there, so that a panic names the same
//! line as in the learner's copy. What the text calls lies in `proof_module.rs`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use xtask_core::course::{StageManifest, TESTS};
use xtask_core::files::FileSet;

use crate::store::Key;

/// The module that the instrumented tests call, as a file beside `main.rs`.
const MODULE: &str = "proof_of_completion";
const MODULE_TEXT: &str = include_str!("proof_module.rs");

/// What tests are called in the copy that is compiled: nothing that code under judgement could choose its answers by. Every
/// run of the grader has names of its own.
#[derive(Debug, Clone)]
pub struct Names(String);

impl Names {
    /// Names that are made with this salt.
    pub fn new(salt: String) -> Self {
        Self(salt)
    }

    /// The name of the test `name` of a module.
    fn of(&self, module: &str, name: &str) -> String {
        let key = Key::of(&[&self.0, module, name]);
        format!("test_{}", &key.text()[..16])
    }

    /// The path by which the test program knows the test that the course knows as `path`.
    pub fn path(&self, path: &str) -> String {
        match path.rsplit_once("::") {
            Some((module, name)) => format!("{module}::{}", self.of(module, name)),
            None => self.of("", path),
        }
    }
}

/// The module that a file of the tests is: `a::b` of `tests/stage/a/b.rs`.
fn module_of(path: &str) -> String {
    let inside = path.strip_prefix("tests/stage/").unwrap_or(path);
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    match stem {
        "main" => String::new(),
        stem => stem.trim_end_matches("/mod").replace('/', "::"),
    }
}

/// Puts the proof into every test file of a stage, and gives the tests other names. `files` are the stage's, by their path
/// below its folder; `id` is the stage's.
///
/// # Errors
///
/// When a test has a form that cannot be made to prove its end; the text names the file and the line.
pub fn instrument_stage(files: &mut FileSet, id: &str, names: &Names) -> Result<(), String> {
    let manifest = files.get("Cargo.toml").map_or("", String::as_str);
    let library = StageManifest::of(manifest, id).library;
    for (path, text) in files.iter_mut() {
        if path.starts_with("tests/stage/") && path.ends_with(".rs") {
            let name = |what| format!("{path}: {what}");
            check_macros(text, &library).map_err(name)?;
            let module = module_of(path);
            *text = instrument(text, |test| names.of(&module, test)).map_err(name)?;
        }
    }
    if let Some(main) = files.get_mut(TESTS) {
        *main = with_module(main).map_err(|what| format!("{TESTS}: {what}"))?;
    }
    files.insert(format!("tests/stage/{MODULE}.rs"), MODULE_TEXT.to_owned());
    Ok(())
}

/// Puts the module before everything else, because its macros are known to what follows them; on a line that is there.
fn with_module(main: &str) -> Result<String, String> {
    let tokens = tokens_of(main)?;
    let mut first = 0;
    while let Some(TokenTree::Punct(sign)) = tokens.get(first)
        && sign.as_char() == '#'
        && matches!(tokens.get(first + 1), Some(TokenTree::Punct(sign)) if sign.as_char() == '!')
    {
        first += 3;
    }
    let at = tokens
        .get(first)
        .map_or(main.len(), |token| token.span().byte_range().start);
    let (before, after) = main.split_at(at);
    Ok(format!("{before}#[macro_use] mod {MODULE}; {after}"))
}

fn tokens_of(source: &str) -> Result<Vec<TokenTree>, String> {
    let tokens = TokenStream::from_str(source)
        .map_err(|error| format!("line {}: {error}", error.span().start().line))?;
    Ok(tokens.into_iter().collect())
}

/// Refuses a test that calls a macro by a name that it also takes from the library under judgement: a `use` takes a
/// macro of that name along, and a macro can leave the test in the middle.
fn check_macros(source: &str, library: &str) -> Result<(), String> {
    let mut imported: BTreeSet<String> = BTreeSet::new();
    let mut called: Vec<(String, usize)> = Vec::new();
    let mut pending = vec![tokens_of(source)?];
    while let Some(tokens) = pending.pop() {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "use" => {
                    let length = tokens[at..]
                        .iter()
                        .position(|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';'))
                        .unwrap_or(tokens.len() - at);
                    let words = words_of(&tokens[at + 1..at + length]);
                    if words.first().is_some_and(|root| root == library) {
                        if words.iter().any(|word| word == "*") {
                            let line = word.span().start().line;
                            return Err(format!(
                                "line {line}: a test names what it takes from `{library}`; with `*` it would take the \
                                 submission's macros as well"
                            ));
                        }
                        imported.extend(words);
                    }
                    at += length;
                }
                TokenTree::Ident(word) => {
                    let is = |at: Option<usize>, wanted: char| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(sign)) if sign.as_char() == wanted);
                    let is_call = is(Some(at + 1), '!')
                        && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
                    if is_call && !is(at.checked_sub(1), ':') {
                        called.push((plain(&word.to_string()), word.span().start().line));
                    }
                }
                TokenTree::Group(group) => pending.push(group.stream().into_iter().collect()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }
    match called.iter().find(|(name, _)| imported.contains(name)) {
        None => Ok(()),
        Some((name, line)) => Err(format!(
            "line {line}: `{name}!` could be a macro of the submission, because `{name}` is taken from `{library}`"
        )),
    }
}

/// The words of a `use`, with `*` for a glob.
fn words_of(tokens: &[TokenTree]) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(plain(&word.to_string())),
            TokenTree::Punct(sign) if sign.as_char() == '*' => words.push("*".to_owned()),
            TokenTree::Group(group) => {
                words.extend(words_of(
                    &group.stream().into_iter().collect::<Vec<TokenTree>>(),
                ));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    words
}

/// The word without the sign of a raw one.
fn plain(word: &str) -> String {
    word.strip_prefix("r#").unwrap_or(word).to_owned()
}

/// Puts the proof into the tests of one file; `name` says what each of them is called.
///
/// # Errors
///
/// As [`instrument_stage`].
pub fn instrument(source: &str, name: impl Fn(&str) -> String) -> Result<String, String> {
    let tokens = tokens_of(source)?;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let mut attributes = Attributes::default();
    let mut is_async = false;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        index += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.get(index) {
                    attributes.note(group.stream());
                    index += 1;
                }
            }
            TokenTree::Ident(word) if word == "async" => is_async = true,
            TokenTree::Ident(word) if word == "pub" => {
                // `pub(crate)`
                if let Some(TokenTree::Group(_)) = tokens.get(index) {
                    index += 1;
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                let line = word.span().start().line;
                let function = Function::read(&tokens[index..], is_async);
                if attributes.is_test {
                    let function = function.ok_or(format!("line {line}: the test has no body"))?;
                    let texts = function
                        .texts(source, &attributes)
                        .map_err(|what| format!("line {line}: {what}"))?;
                    let Range { start, end } = function.inside;
                    changes.push((start..start, texts.0));
                    changes.push((end..end, texts.1));
                    if let Some(TokenTree::Ident(known)) = tokens.get(index) {
                        let called = name(&plain(&known.to_string()));
                        changes.push((known.span().byte_range(), called));
                    }
                }
                (attributes, is_async) = (Attributes::default(), false);
            }
            _ => (attributes, is_async) = (Attributes::default(), false),
        }
    }
    let mut text = source.to_owned();
    changes.sort_by_key(|(place, _)| place.start);
    for (place, new) in changes.into_iter().rev() {
        text.replace_range(place, &new);
    }
    Ok(text)
}

/// What the attributes of a function say.
#[derive(Debug, Default)]
struct Attributes {
    is_test: bool,
    /// The test passes by a panic, with this literal in its message if there is one.
    should_panic: Option<Option<String>>,
}

impl Attributes {
    fn note(&mut self, attribute: TokenStream) {
        let tokens: Vec<TokenTree> = attribute.into_iter().collect();
        let path = tokens
            .iter()
            .take_while(|token| !matches!(token, TokenTree::Group(_) | TokenTree::Literal(_)));
        let words: Vec<String> = path
            .filter_map(|token| match token {
                TokenTree::Ident(word) => Some(word.to_string()),
                _ => None,
            })
            .collect();
        self.is_test |= words.last().is_some_and(|word| word == "test");
        if words.first().is_some_and(|word| word == "should_panic") {
            self.should_panic = Some(literal(&tokens));
        }
    }
}

/// The first literal among tokens, or inside their groups.
fn literal(tokens: &[TokenTree]) -> Option<String> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string()),
        TokenTree::Group(group) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            literal(&inner)
        }
        _ => None,
    })
}

/// A test function, read from behind its `fn`.
struct Function {
    is_async: bool,
    /// The text of its return type.
    answer: Option<Range<usize>>,
    /// The text of its body between the braces, without inner attributes.
    inside: Range<usize>,
}

impl Function {
    fn read(tokens: &[TokenTree], is_async: bool) -> Option<Self> {
        let body = tokens.iter().position(
            |token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
        )?;
        let TokenTree::Group(group) = &tokens[body] else {
            return None;
        };
        let arrow = tokens[..body].windows(2).position(|pair| {
            let is = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
            is(&pair[0], '-') && is(&pair[1], '>')
        });
        let answer = arrow.and_then(|arrow| {
            let (first, last) = (tokens.get(arrow + 2)?, tokens.get(body.checked_sub(1)?)?);
            Some(first.span().byte_range().start..last.span().byte_range().end)
        });
        let braces = group.span().byte_range();
        let mut start = braces.start + 1;
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        for part in inner.chunks(3) {
            let [
                TokenTree::Punct(hash),
                TokenTree::Punct(bang),
                TokenTree::Group(attribute),
            ] = part
            else {
                break;
            };
            if hash.as_char() != '#' || bang.as_char() != '!' {
                break;
            }
            start = attribute.span().byte_range().end;
        }
        Some(Self {
            is_async,
            answer,
            inside: start..braces.end - 1,
        })
    }

    /// What is put at the start and at the end of the body.
    fn texts(&self, source: &str, attributes: &Attributes) -> Result<(String, String), String> {
        let answer = self.answer.clone().and_then(|range| source.get(range));
        match (&attributes.should_panic, answer, self.is_async) {
            (None, answer, false) => Ok((
                format!(
                    " crate::{MODULE}::returning(move || -> {} {{",
                    answer.unwrap_or("()")
                ),
                "})".to_owned(),
            )),
            (None, answer, true) => Ok((
                format!(
                    " let begun = crate::{MODULE}::begin(); let answer: {} = async move {{",
                    answer.unwrap_or("()")
                ),
                "}.await; begun.finish(answer)".to_owned(),
            )),
            (Some(expected), None, false) => {
                let expected = match expected {
                    Some(literal) => format!("Some({literal})"),
                    None => "None".to_owned(),
                };
                Ok((
                    format!(" crate::{MODULE}::panicking({expected}, move || {{"),
                    "})".to_owned(),
                ))
            }
            (Some(_), ..) => Err(
                "`#[should_panic]` on an async test, or one with an answer, cannot be graded: its pass could not be \
                 told from a forged one"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, check_macros, module_of, with_module};

    fn instrument(source: &str) -> Result<String, String> {
        super::instrument(source, str::to_owned)
    }

    #[test]
    fn tests_have_names_that_say_nothing_and_differ_in_every_run() {
        let source = "use a::total;\n#[test]\nfn total_of_none() { let total_of_none = 1; }\n#[test] fn r#two() {}\nfn helper() {}\n";
        let text = super::instrument(source, |name| format!("x_{}", name.len())).expect("plain");
        assert_eq!(text.lines().count(), source.lines().count());
        assert!(text.contains("fn x_13() { crate::"), "{text}");
        assert!(text.contains("fn x_3() { crate::"), "{text}");
        assert!(text.contains("let total_of_none = 1;") && text.contains("fn helper() {}"));
        let (one, other) = (Names::new("1".into()), Names::new("2".into()));
        let path = one.path("loops::hidden::two");
        assert!(path.starts_with("loops::hidden::test_") && !path.contains("two"));
        assert_eq!(
            path,
            format!("loops::hidden::{}", one.of("loops::hidden", "two"))
        );
        assert_ne!(path, other.path("loops::hidden::two"));
        assert_ne!(one.path("loops::two"), one.path("lists::two"));
    }

    #[test]
    fn a_file_is_the_module_that_its_path_says() {
        for (path, module) in [
            ("tests/stage/main.rs", ""),
            ("tests/stage/loops.rs", "loops"),
            ("tests/stage/loops/hidden.rs", "loops::hidden"),
            ("tests/stage/loops/mod.rs", "loops"),
        ] {
            assert_eq!(module_of(path), module);
        }
    }

    #[test]
    fn no_line_moves_and_helpers_stay_as_they_are() {
        let source = "use a::b;\n\nfn helper() -> u32 {\n    3\n}\n\n/// Says.\n#[test]\nfn totals() {\n    let s = \"}\"; // }\n    assert!(true);\n}\n\n\
                      #[tokio::test(start_paused = true)]\nasync fn waits() { #![allow(unused)] f().await; }\n";
        let text = instrument(source).expect("the tests are plain");
        assert_eq!(text.lines().count(), source.lines().count());
        assert!(text.contains("fn helper() -> u32 {\n    3\n}"));
        let begun = "fn totals() { crate::proof_of_completion::returning(move || -> () {\n";
        assert!(text.contains(begun), "{text}");
        let begun = "#![allow(unused)] let begun = crate::proof_of_completion::begin();";
        assert!(text.contains(begun), "{text}");
        let ended = "f().await; }.await; begun.finish(answer)}";
        assert!(text.contains(ended), "{text}");
    }

    #[test]
    fn visibility_and_odd_beginnings_do_not_hide_a_test() {
        for source in [
            "#[test] pub fn totals() { f(); }",
            "#[test] #[ignore] pub(crate) fn totals() { f(); }",
            "#[test] fn totals() { -!(1); f(); }",
            "struct A; #[test] fn totals() { f(); } const B: u8 = 1;",
        ] {
            let text = instrument(source).expect("the test is plain");
            let begun = "fn totals() { crate::proof_of_completion::returning(move || -> () {";
            assert!(text.contains(begun), "{text}");
        }
        let helper = "#[cfg(test)] struct A; pub fn helper() { f(); }";
        assert_eq!(instrument(helper).as_deref(), Ok(helper));
    }

    #[test]
    fn a_test_with_an_answer_proves_only_a_good_one() {
        let source = "#[test]\nfn reads() -> Result<(), Box<dyn std::error::Error>> {\n    f()?;\n    Ok(())\n}\n\
                      #[tokio::test]\nasync fn waits() -> Result<(), E> { Ok(()) }\n";
        let text = instrument(source).expect("the tests are plain");
        assert!(text.contains("returning(move || -> Result<(), Box<dyn std::error::Error>> {\n    f()?;\n    Ok(())\n})}"), "{text}");
        assert!(
            text.contains(
                "let answer: Result<(), E> = async move { Ok(()) }.await; begun.finish(answer)}"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_test_that_must_panic_proves_the_panic_that_it_names() {
        let source = "#[test]\n#[should_panic(expected = \"no copies\")]\nfn refuses() { f(); }\n#[test]\n#[should_panic]\nfn any() { f(); }";
        let text = instrument(source).expect("the tests are plain");
        assert!(
            text.contains("panicking(Some(\"no copies\"), move || { f(); })}"),
            "{text}"
        );
        assert!(
            text.contains("panicking(None, move || { f(); })}"),
            "{text}"
        );
    }

    #[test]
    fn the_module_stands_first_and_moves_no_line() {
        let text = with_module("//! Tests.\n#![allow(unused)]\n\n/// One.\nmod one;\n");
        let expected = "//! Tests.\n#![allow(unused)]\n\n#[macro_use] mod proof_of_completion; /// One.\nmod one;\n";
        assert_eq!(text.as_deref(), Ok(expected));
    }

    #[test]
    fn a_test_takes_no_macro_from_the_library() {
        for right in [
            "use logic::prices::{format, total};\nfn f() { format(total(1)); }",
            "use serde_json::json;\nuse logic::a::b;\nfn f() { json!({}); std::format!(\"\") }",
            "use std::fmt::*;\nfn f() { format!(\"\") }",
        ] {
            assert_eq!(check_macros(right, "logic"), Ok(()), "{right}");
        }
        for wrong in [
            "use logic::a::{b, format};\nfn f() { g(format!(\"\")) }",
            "fn f() { use logic::a::r#b as vec;\n vec![1] }",
            "use std::fmt;\nuse logic::a::*;",
        ] {
            let said = check_macros(wrong, "logic").expect_err(wrong);
            assert!(said.starts_with("line 2: "), "{said}");
        }
    }

    #[test]
    fn what_cannot_prove_its_end_is_named() {
        let source = "\n#[tokio::test]\n#[should_panic]\nasync fn refuses() { f().await; }";
        let what = instrument(source).expect_err("it cannot be told");
        assert!(what.starts_with("line 4: "), "{what}");
    }
}
