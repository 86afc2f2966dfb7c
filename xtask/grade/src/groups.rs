//! Which exercises of a submission may use each other, and have to be judged together.

use std::collections::BTreeMap;
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};
use xtask_core::files::FileSet;

/// Puts exercises into groups: those whose files name another one, and those that are named. `sources` are the files
/// of each exercise by its name. All of them split into tokens; what does not has to be judged by itself.
pub fn groups<'a>(sources: &BTreeMap<&'a str, &FileSet>) -> Vec<Vec<&'a str>> {
    let mut groups: Vec<Vec<&str>> = sources.keys().map(|name| vec![*name]).collect();
    for (name, files) in sources {
        let words = Words::of(files);
        for other in sources.keys() {
            if other != name && words.may_use(other) {
                join(&mut groups, name, other);
            }
        }
    }
    groups
}

fn join(groups: &mut Vec<Vec<&str>>, one: &str, other: &str) {
    let find =
        |groups: &[Vec<&str>], name: &str| groups.iter().position(|group| group.contains(&name));
    let (Some(first), Some(second)) = (find(groups, one), find(groups, other)) else {
        return;
    };
    if first != second {
        let moved = groups.remove(first.max(second));
        groups[first.min(second)].extend(moved);
    }
}

/// The words of an exercise's files that may lead to another exercise.
#[derive(Debug, Default)]
struct Words {
    /// Every word, and those that are part of a path.
    all: Vec<String>,
    in_paths: Vec<String>,
    /// A macro can make a path out of any word, and an exported one can be used without a path.
    has_macros: bool,
    exports: bool,
}

impl Words {
    fn of(files: &FileSet) -> Self {
        let mut words = Self::default();
        for text in files.values() {
            if let Ok(tokens) = TokenStream::from_str(text) {
                words.read(tokens);
            }
        }
        words
    }

    fn read(&mut self, tokens: TokenStream) {
        let mut pending = vec![(tokens, false)];
        while let Some((stream, in_use)) = pending.pop() {
            let tokens: Vec<TokenTree> = stream.into_iter().collect();
            let mut in_use_here = in_use;
            for (index, token) in tokens.iter().enumerate() {
                let sign = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
                    Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
                    _ => None,
                };
                match token {
                    TokenTree::Group(group) => pending.push((group.stream(), in_use_here)),
                    TokenTree::Punct(punct) => {
                        if punct.as_char() == ';' {
                            in_use_here = in_use;
                        }
                    }
                    TokenTree::Ident(ident) => {
                        let text = ident.to_string();
                        let word = text.strip_prefix("r#").unwrap_or(&text).to_owned();
                        in_use_here |= word == "use";
                        self.has_macros |= word == "macro_rules";
                        self.exports |= word == "macro_export" || word == "macro_use";
                        let in_path = in_use_here
                            || sign(index.checked_sub(1)) == Some(':')
                            || sign(Some(index + 1)) == Some(':')
                                && sign(Some(index + 2)) == Some(':');
                        if in_path {
                            self.in_paths.push(word.clone());
                        }
                        self.all.push(word);
                    }
                    TokenTree::Literal(_) => {}
                }
            }
        }
    }

    fn may_use(&self, exercise: &str) -> bool {
        let words = if self.has_macros {
            &self.all
        } else {
            &self.in_paths
        };
        self.exports || words.iter().any(|word| word == exercise)
    }
}

#[cfg(test)]
mod tests {
    use super::groups;
    use std::collections::BTreeMap;
    use xtask_core::files::FileSet;

    fn grouped(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: BTreeMap<&str, FileSet> = sources
            .iter()
            .map(|(name, text)| {
                (
                    *name,
                    FileSet::from([(format!("src/{name}.rs"), (*text).to_owned())]),
                )
            })
            .collect();
        let named = files.iter().map(|(name, files)| (*name, files)).collect();
        groups(&named)
            .into_iter()
            .map(|group| group.into_iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn only_what_may_use_each_other_is_together() {
        for text in [
            "let b = 1; x.b()",
            "struct S { b: u32 }",
            "use std::fmt; fn f(b: u32) { b + 1 }",
        ] {
            assert_eq!(
                grouped(&[("a", text), ("b", "fn b() {}")]).len(),
                2,
                "{text}"
            );
        }
        for text in [
            "use crate::b::f;",
            "use crate::{c, b};",
            "use super::{x::{b as y}};",
            "crate::r#b::f()",
            "macro_rules! m { ($x:ident) => { crate::$x::f() } } m!(b);",
            "#[macro_export] macro_rules! m { () => {} }",
        ] {
            assert_eq!(grouped(&[("a", text), ("b", "")]).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_chain_is_one_group() {
        let found = grouped(&[
            ("a", "b::f()"),
            ("b", ""),
            ("c", "use crate::b;"),
            ("d", ""),
        ]);
        assert_eq!(found, [vec!["a", "b", "c"], vec!["d"]]);
    }
}
