//! Reads the tests of an exercise from their source: the names that must run, and the sentence that each one checks.

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
    let tokens = TokenStream::from_str(source).map_err(|error| {
        let start = error.span().start();
        format!("line {}: {error}", start.line)
    })?;
    let mut tests = Vec::new();
    let mut is_test = false;
    let mut sentence = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.peek()
                    && group.delimiter() == Delimiter::Bracket
                {
                    let attribute: Vec<TokenTree> = group.stream().into_iter().collect();
                    is_test |= names_test(&attribute);
                    sentence.extend(doc_text(&attribute));
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                if let Some(TokenTree::Ident(name)) = tokens.next()
                    && is_test
                {
                    tests.push(Test {
                        name: name.to_string(),
                        sentence: sentence.join(" "),
                    });
                }
                (is_test, sentence) = (false, Vec::new());
            }
            // The words that may stand between the attributes of a function and its `fn`.
            TokenTree::Ident(word)
                if ["async", "pub", "const"].contains(&word.to_string().as_str()) => {}
            _ => (is_test, sentence) = (false, Vec::new()),
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
    use super::{Test, tests_of};

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
    fn a_file_that_is_not_rust_gives_the_line() {
        let error = tests_of("fn a() {\n\n").expect_err("a brace is open");
        assert!(error.starts_with("line "), "{error}");
    }
}
