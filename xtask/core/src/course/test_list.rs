//! Reads the tests of an exercise from their source: the names that must run, and the sentence that each one checks.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One test as it stands in `tests/stage/NAME.rs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The function's name.
    pub name: String,
    /// The doc comment, joined to one line: the rule that the test checks.
    pub sentence: String,
}

/// The tests of a file, in their order: the functions at its top level that carry `#[test]` or an attribute whose
/// path ends in `::test`, such as `#[tokio::test(start_paused = true)]`.
///
/// # Errors
///
/// A text that does not split into Rust tokens gives the reason.
pub fn tests_of(source: &str) -> Result<Vec<Test>, String> {
    let placed = placed_tests_of(source)?;
    Ok(placed.into_iter().map(|placed| placed.test).collect())
}

/// The text in which only the tests that `kept` names are tests; the others stay as functions that nobody calls. They
/// must compile as before, but no machine code is made of them, which is most of what building a test takes. No line
/// moves.
pub fn with_tests(source: &str, kept: impl Fn(&str) -> bool) -> String {
    let mut text = source.to_owned();
    for placed in placed_tests_of(source).unwrap_or_default() {
        if kept(&placed.test.name) {
            continue;
        }
        for bytes in placed.marks {
            let blank = |sign: u8| if sign == b'\n' { '\n' } else { ' ' };
            let blanks: String = source.as_bytes()[bytes.clone()]
                .iter()
                .map(|sign| blank(*sign))
                .collect();
            text.replace_range(bytes, &blanks);
        }
    }
    text
}

/// A test, and the attributes that make it one.
struct PlacedTest {
    test: Test,
    marks: Vec<Range<usize>>,
}

fn placed_tests_of(source: &str) -> Result<Vec<PlacedTest>, String> {
    let tokens = TokenStream::from_str(source).map_err(|error| {
        let start = error.span().start();
        format!("line {}: {error}", start.line)
    })?;
    let mut tests = Vec::new();
    let mut marks: Vec<Range<usize>> = Vec::new();
    let mut sentence = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.peek()
                    && group.delimiter() == Delimiter::Bracket
                {
                    let attribute: Vec<TokenTree> = group.stream().into_iter().collect();
                    if names_test(&attribute) {
                        let end = group.span_close().byte_range().end;
                        marks.push(punct.span().byte_range().start..end);
                    }
                    sentence.extend(doc_text(&attribute));
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                let marks = std::mem::take(&mut marks);
                let sentence = std::mem::take(&mut sentence).join(" ");
                if let Some(TokenTree::Ident(name)) = tokens.next()
                    && !marks.is_empty()
                {
                    let name = name.to_string();
                    tests.push(PlacedTest {
                        test: Test { name, sentence },
                        marks,
                    });
                }
            }
            // The words that may stand between the attributes of a function and its `fn`.
            TokenTree::Ident(word)
                if ["async", "pub", "const"].contains(&word.to_string().as_str()) => {}
            _ => {
                marks.clear();
                sentence.clear();
            }
        }
    }
    Ok(tests)
}

/// The tokens of the path of an attribute, without its arguments: `tokio`, `test` of `tokio::test(…)`.
fn attribute_tokens(attribute: &[TokenTree]) -> Vec<String> {
    attribute
        .iter()
        .take_while(|token| !matches!(token, TokenTree::Group(_)))
        .filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            _ => None,
        })
        .collect()
}

fn names_test(attribute: &[TokenTree]) -> bool {
    attribute_tokens(attribute)
        .last()
        .is_some_and(|word| word == "test")
}

/// The text of `doc = "…"`, which is what a `///` line becomes.
fn doc_text(attribute: &[TokenTree]) -> Option<String> {
    let [TokenTree::Ident(word), _, TokenTree::Literal(text)] = attribute else {
        return None;
    };
    if word != "doc" {
        return None;
    }
    let literal = text.to_string();
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    let plain = inside
        .replace("\\\"", "\"")
        .replace("\\'", "'")
        .replace("\\\\", "\\");
    Some(plain.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Test, tests_of, with_tests};

    fn test(name: &str, sentence: &str) -> Test {
        Test {
            name: name.into(),
            sentence: sentence.into(),
        }
    }

    #[test]
    fn tests_are_found_with_their_sentences_and_helpers_are_not() {
        let source = r##"
            //! A module.
            use logic::variables::total;

            /// Not a test.
            fn helper() {}

            /// The total is what the customer's
            /// "cart" says.
            #[test]
            fn totals() { fn test() {} }

            /// Waits.
            #[tokio::test(start_paused = true)]
            async fn waits() {}

            #[cfg(test)]
            struct Test;
        "##;
        assert_eq!(
            tests_of(source).expect("the source is Rust"),
            [
                test("totals", "The total is what the customer's \"cart\" says."),
                test("waits", "Waits."),
            ]
        );
    }

    #[test]
    fn only_the_named_tests_stay_tests_and_nothing_moves() {
        let source = "/// One.\n#[test]\nfn one() {}\n\n/// Two: \u{e9}.\n#[should_panic]\n#[tokio::test(\n    \
                      start_paused = true, // \u{e9}\n)]\nasync fn two() {}\n#[cfg(test)]\nstruct Test;\n";
        let names = |text: &str| -> Vec<String> {
            let tests = tests_of(text).expect("the source is Rust");
            tests.into_iter().map(|test| test.name).collect()
        };
        assert_eq!(names(source), ["one", "two"]);
        assert_eq!(with_tests(source, |_| true), source);
        let left = with_tests(source, |name| name == "one");
        assert_eq!(names(&left), ["one"]);
        let blank = 7..10;
        for (line, (before, after)) in source.lines().zip(left.lines()).enumerate() {
            let expected = match blank.contains(&(line + 1)) {
                true => " ".repeat(before.len()),
                false => before.to_owned(),
            };
            assert_eq!(after, expected, "line {}", line + 1);
        }
        assert_eq!(left.len(), source.len());
        assert_eq!(with_tests("fn a() {", |_| false), "fn a() {");
    }

    #[test]
    fn a_file_that_is_not_rust_gives_the_line() {
        let error = tests_of("fn a() {\n\n").expect_err("a brace is open");
        assert!(error.starts_with("line "), "{error}");
    }
}
