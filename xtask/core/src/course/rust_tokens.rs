//! Rust sources as tokens, without comments, and with the place of each token.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// One token of a flat list in which brackets are tokens of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or a keyword; raw names without their `r#`.
    Word(String),
    /// A sign such as `:` or `{`.
    Sign(char),
    /// A literal as it stands in the source.
    Literal(String),
}

/// A token and its place in the source.
#[derive(Debug, Clone)]
pub struct Placed {
    pub token: Token,
    span: Span,
}

impl Placed {
    /// The bytes of the source that the token takes. They are counted when somebody asks, for that takes as long as all
    /// the rest, and hardly anybody does.
    pub fn bytes(&self) -> Range<usize> {
        self.span.byte_range()
    }

    /// The name, when the token is one.
    pub fn word(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether the token is this sign.
    pub fn is(&self, sign: char) -> bool {
        self.token == Token::Sign(sign)
    }
}

/// The tokens of a source. A text that does not split into tokens has none: nothing can be said of it, and the
/// compiler will refuse it. Doc comments come as the attributes that they stand for.
pub fn tokens_of(source: &str) -> Vec<Placed> {
    let mut found = Vec::new();
    let Ok(stream) = TokenStream::from_str(source) else {
        return found;
    };
    // Brackets may be nested as deep as a file is long, so the open ones wait here and not on the stack.
    let mut open = vec![(stream.into_iter(), None)];
    while let Some((stream, close)) = open.last_mut() {
        match stream.next() {
            Some(TokenTree::Group(group)) => {
                let (start, end) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                found.push(placed(Token::Sign(start), group.span_open()));
                let close = placed(Token::Sign(end), group.span_close());
                open.push((group.stream().into_iter(), Some(close)));
            }
            Some(tree) => found.push(plain(&tree)),
            None => {
                found.extend(close.take());
                open.pop();
            }
        }
    }
    found
}

/// A token that is no bracket.
fn plain(tree: &TokenTree) -> Placed {
    let token = match tree {
        TokenTree::Ident(name) => {
            let text = name.to_string();
            Token::Word(match text.strip_prefix("r#") {
                Some(plain) => plain.to_owned(),
                None => text,
            })
        }
        TokenTree::Punct(sign) => Token::Sign(sign.as_char()),
        _ => Token::Literal(tree.to_string()),
    };
    placed(token, tree.span())
}

fn placed(token: Token, span: Span) -> Placed {
    Placed { token, span }
}

#[cfg(test)]
mod tests {
    use super::tokens_of;

    #[test]
    fn deep_brackets_do_not_exhaust_the_stack() {
        let depth = 100_000;
        let source = format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(tokens_of(&source).len(), 2 * depth);
    }

    #[test]
    fn every_token_knows_its_place() {
        let source = "mod r#loop; // mod no;\n";
        let tokens = tokens_of(source);
        let texts: Vec<&str> = tokens.iter().map(|one| &source[one.bytes()]).collect();
        assert_eq!(texts, ["mod", "r#loop", ";"]);
        assert_eq!(tokens[1].word(), Some("loop"));
    }
}
