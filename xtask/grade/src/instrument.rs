//! Makes the overlay's copy of the tests prove that they came to their end.
//!
//! Text is put between the braces of each test's body, on the lines that are there, so that a panic names the same
//! line as in the learner's copy. What the text calls lies in `proof_module.rs`.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use xtask_core::files::FileSet;

/// The module that the instrumented tests call, as a file beside `main.rs`.
const MODULE: &str = "proof_of_completion";
const MODULE_TEXT: &str = include_str!("proof_module.rs");

/// Puts the proof into every test file of a stage. `files` are the stage's, by their path below its folder.
///
/// # Errors
///
/// When a test has a form that cannot be made to prove its end; the text names the file and the line.
pub fn instrument_stage(files: &mut FileSet) -> Result<(), String> {
    for (path, text) in files.iter_mut() {
        if path.starts_with("tests/stage/") && path.ends_with(".rs") {
            *text = instrument(text).map_err(|what| format!("{path}: {what}"))?;
        }
    }
    if let Some(main) = files.get_mut("tests/stage/main.rs") {
        // The module stands behind everything else, so that no line moves.
        main.push_str(&format!("\nmod {MODULE};\n"));
    }
    files.insert(format!("tests/stage/{MODULE}.rs"), MODULE_TEXT.to_owned());
    Ok(())
}

/// Puts the proof into the tests of one file.
///
/// # Errors
///
/// As [`instrument_stage`].
pub fn instrument(source: &str) -> Result<String, String> {
    let tokens = TokenStream::from_str(source)
        .map_err(|error| format!("line {}: {error}", error.span().start().line))?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut insertions: Vec<(usize, String)> = Vec::new();
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
                    insertions.push((function.inside.start, texts.0));
                    insertions.push((function.inside.end, texts.1));
                }
                (attributes, is_async) = (Attributes::default(), false);
            }
            _ => (attributes, is_async) = (Attributes::default(), false),
        }
    }
    let mut text = source.to_owned();
    insertions.sort_by_key(|(at, _)| *at);
    for (at, inserted) in insertions.iter().rev() {
        text.insert_str(*at, inserted);
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
            (None, None, _) => Ok((
                format!(" let _came_to_its_end = crate::{MODULE}::begin();"),
                String::new(),
            )),
            (None, Some(answer), false) => Ok((
                format!(" crate::{MODULE}::answering(move || -> {answer} {{"),
                "})".to_owned(),
            )),
            (None, Some(answer), true) => Ok((
                format!(
                    " let begun = crate::{MODULE}::begin_answering(); let answer: {answer} = async move {{"
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
    use super::instrument;

    #[test]
    fn no_line_moves_and_helpers_stay_as_they_are() {
        let source = "use a::b;\n\nfn helper() -> u32 {\n    3\n}\n\n/// Says.\n#[test]\nfn totals() {\n    let s = \"}\"; // }\n    assert!(true);\n}\n\n\
                      #[tokio::test(start_paused = true)]\nasync fn waits() { #![allow(unused)] f().await; }\n";
        let text = instrument(source).expect("the tests are plain");
        assert_eq!(text.lines().count(), source.lines().count());
        assert!(text.contains("fn helper() -> u32 {\n    3\n}"));
        assert!(text.contains(
            "fn totals() { let _came_to_its_end = crate::proof_of_completion::begin();\n"
        ));
        assert!(
            text.contains("#![allow(unused)] let _came_to_its_end ="),
            "{text}"
        );
        assert_eq!(text.matches("begin()").count(), 2);
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
            let begun = "fn totals() { let _came_to_its_end = crate::proof_of_completion::begin();";
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
        assert!(text.contains("answering(move || -> Result<(), Box<dyn std::error::Error>> {\n    f()?;\n    Ok(())\n})}"), "{text}");
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
    fn what_cannot_prove_its_end_is_named() {
        let source = "\n#[tokio::test]\n#[should_panic]\nasync fn refuses() { f().await; }";
        let what = instrument(source).expect_err("it cannot be told");
        assert!(what.starts_with("line 4: "), "{what}");
    }
}
