//! Which module uses which, read from Rust's own paths: `mod x;`, `crate::x::…`, `super::x`, `use crate::{a, b::c}`.
//!
//! A comment that mentions a module is no use of it, and neither is `axum::routing` of a module called `routing`. Where
//! the source does not say (`use crate::*`, `crate as other`), everything counts as used: an answer is then judged
//! again without need, which is better than not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rust_tokens::{Placed, Token, tokens_of};
use crate::files::FileSet;
use crate::memory::Memory;

/// A module's path below its crate's root: empty for the root itself.
type ModulePath = Vec<String>;

/// The modules of one crate, found from its root file.
#[derive(Debug)]
pub struct Modules {
    /// The file of each module.
    files: BTreeMap<ModulePath, String>,
    /// What the file of each module names.
    named: BTreeMap<ModulePath, Arc<Named>>,
}

/// How deep the groups of a `use` are followed; a deeper one is nobody's code.
const GROUPS: usize = 32;

/// What one file names.
#[derive(Debug, Default, Clone)]
struct Named {
    /// Paths into its own crate, from the root.
    own: BTreeSet<ModulePath>,
    /// Paths into other crates, the crate's name first.
    others: BTreeSet<ModulePath>,
    /// The modules that it declares without a body, and the file that an attribute names.
    declared: Vec<(ModulePath, Option<String>)>,
}

impl Modules {
    /// Finds the modules of the crate whose root is the file `root`; `read` answers the text of a file, or nothing
    /// when there is none.
    pub fn find(root: &str, mut read: impl FnMut(&str) -> Option<String>) -> Self {
        let mut modules = Self {
            files: BTreeMap::new(),
            named: BTreeMap::new(),
        };
        let mut open: Vec<(ModulePath, String)> = vec![(ModulePath::new(), root.to_owned())];
        while let Some((path, file)) = open.pop() {
            let Some(text) = read(&file) else { continue };
            let named = names_of(&path, text);
            for (module, given) in &named.declared {
                if modules.files.contains_key(module) {
                    continue;
                }
                let places = places_of(module, given.as_deref(), &path, &file);
                if let Some(place) = places.into_iter().find(|place| read(place).is_some()) {
                    open.push((module.clone(), place));
                }
            }
            modules.files.insert(path.clone(), file);
            modules.named.insert(path, named);
        }
        modules
    }

    /// Finds the modules among files that are at hand.
    pub fn among(root: &str, files: &FileSet) -> Self {
        Self::find(root, |path| files.get(path).cloned())
    }

    /// Every file of the crate.
    pub fn files(&self) -> impl Iterator<Item = &String> {
        self.files.values()
    }

    /// The files that a module of the root rests on, its own among them.
    pub fn behind(&self, module: &str) -> BTreeSet<String> {
        self.follow(BTreeSet::from([vec![module.to_owned()]]))
    }

    /// The files that are named by paths, such as a test's `logic::variables::total`, and what those rest on.
    pub fn behind_paths(&self, paths: impl IntoIterator<Item = ModulePath>) -> BTreeSet<String> {
        self.follow(paths.into_iter().collect())
    }

    /// The paths into the crate called `library` that the file of a module of the root, or of one below it, names.
    pub fn named_in(&self, module: &str, library: &str) -> BTreeSet<ModulePath> {
        let below = |path: &ModulePath| path.first().is_some_and(|first| first == module);
        let named = self.named.iter().filter(|(path, _)| below(path));
        let others = named.flat_map(|(_, named)| named.others.iter());
        let inside = others.filter(|path| path.first().is_some_and(|first| first == library));
        inside.map(|path| path[1..].to_vec()).collect()
    }

    fn follow(&self, mut open: BTreeSet<ModulePath>) -> BTreeSet<String> {
        let mut seen: BTreeSet<ModulePath> = BTreeSet::new();
        while let Some(path) = open.pop_first() {
            for module in self.modules_on(&path) {
                if !seen.insert(module.clone()) {
                    continue;
                }
                let Some(named) = self.named.get(&module) else {
                    continue;
                };
                open.extend(named.own.iter().cloned());
                open.extend(named.declared.iter().map(|(path, _)| path.clone()));
            }
        }
        seen.iter()
            .filter_map(|module| self.files.get(module).cloned())
            .collect()
    }

    /// The modules that a path goes through. The root is none of them, because it declares everything; a path that
    /// names no module of the root may mean what the root re-exports, so the root's own paths are followed then.
    fn modules_on(&self, path: &ModulePath) -> Vec<ModulePath> {
        let everything = || {
            let all = self.files.keys().filter(|module| !module.is_empty());
            all.cloned().collect()
        };
        if path.is_empty() {
            return everything();
        }
        let prefixes = (1..=path.len()).map(|length| path[..length].to_vec());
        let known: Vec<ModulePath> = prefixes
            .filter(|prefix| self.files.contains_key(prefix))
            .collect();
        if !known.is_empty() {
            return known;
        }
        let root = self.named.get(&ModulePath::new());
        let reexported = root.into_iter().flat_map(|named| &named.own);
        reexported
            .filter(|path| !path.is_empty())
            .flat_map(|path| self.modules_on(path))
            .collect()
    }
}

/// Where the file of a declared module may lie.
fn places_of(
    module: &ModulePath,
    given: Option<&str>,
    parent: &ModulePath,
    parent_file: &str,
) -> Vec<String> {
    let folder = parent_file
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let join = |folder: &str, rest: &str| match folder {
        "" => rest.to_owned(),
        _ => format!("{folder}/{rest}"),
    };
    if let Some(given) = given {
        return vec![normal(&join(folder, given))];
    }
    let stem = parent_file.rsplit('/').next().unwrap_or_default();
    let is_root_like = parent.is_empty() || stem == "mod.rs";
    let base = match stem.strip_suffix(".rs") {
        Some(stem) if !is_root_like => join(folder, stem),
        _ => folder.to_owned(),
    };
    let below = module[parent.len()..].join("/");
    vec![
        join(&base, &format!("{below}.rs")),
        join(&base, &format!("{below}/mod.rs")),
    ]
}

/// `a/../b` as `b`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What the file of `module` names when it has this text.
fn names_of(module: &ModulePath, text: String) -> Arc<Named> {
    static KNOWN: Memory<(ModulePath, String), Arc<Named>> = Memory::new();
    let source = (module.clone(), text);
    KNOWN.answer(source, |(module, text)| {
        Arc::new(names_in(module, &tokens_of(text)))
    })
}

/// What the tokens of the file of `module` name.
fn names_in(module: &ModulePath, tokens: &[Placed]) -> Named {
    let mut reader = Reader {
        tokens,
        at: 0,
        inside: module.clone(),
        bodies: Vec::new(),
        depth: 0,
        groups: 0,
        named: Named::default(),
        children: children_of(tokens),
    };
    reader.read();
    reader.named
}

/// The names of the modules that are declared anywhere in a file.
fn children_of(tokens: &[Placed]) -> BTreeSet<String> {
    let pairs = tokens.windows(2);
    pairs
        .filter(|pair| pair[0].word() == Some("mod"))
        .filter_map(|pair| pair[1].word().map(str::to_owned))
        .collect()
}

struct Reader<'t> {
    tokens: &'t [Placed],
    at: usize,
    /// The module that the current token stands in.
    inside: ModulePath,
    /// The depths of braces at which bodies of inline modules opened.
    bodies: Vec<usize>,
    depth: usize,
    groups: usize,
    named: Named,
    children: BTreeSet<String>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut given: Option<String> = None;
        while let Some(placed) = self.tokens.get(self.at) {
            match &placed.token {
                Token::Sign('{') => self.depth += 1,
                Token::Sign('}') => {
                    if self.bodies.last() == Some(&self.depth) {
                        self.bodies.pop();
                        self.inside.pop();
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                Token::Word(word) if word == "path" => given = self.path_attribute().or(given),
                Token::Word(word) if word == "mod" => {
                    self.declaration(given.take());
                    continue;
                }
                Token::Word(word) if word == "use" && self.sign(1, '{') => {
                    self.at += 1;
                    self.group(&ModulePath::new());
                    continue;
                }
                Token::Word(_) if self.begins_path() => {
                    let mut start = Vec::new();
                    self.path(&mut start);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn sign(&self, ahead: usize, sign: char) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|placed| placed.is(sign))
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).and_then(Placed::word)
    }

    /// `path = "…"` inside an attribute.
    fn path_attribute(&self) -> Option<String> {
        let is_attribute = self
            .at
            .checked_sub(1)
            .is_some_and(|before| self.tokens[before].is('['));
        match self.tokens.get(self.at + 2).map(|placed| &placed.token) {
            Some(Token::Literal(text)) if is_attribute && self.sign(1, '=') => {
                Some(text.trim_matches('"').to_owned())
            }
            _ => None,
        }
    }

    /// `mod name;` or `mod name {`.
    fn declaration(&mut self, given: Option<String>) {
        let name = self.word(1).map(str::to_owned);
        let (has_body, ends) = (self.sign(2, '{'), self.sign(2, ';'));
        self.at += 1;
        let Some(name) = name else { return };
        let mut path = self.inside.clone();
        path.push(name.clone());
        if ends {
            self.named.declared.push((path, given));
            self.at += 2;
        } else if has_body {
            self.at += 2;
            self.depth += 1;
            self.bodies.push(self.depth);
            self.inside.push(name);
        }
    }

    /// Whether a path begins here: a name that no `::`, `.` or quote stands before.
    fn begins_path(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map(|index| &self.tokens[index]);
        let follows_colons = before(1).is_some_and(|placed| placed.is(':'))
            && before(2).is_some_and(|placed| placed.is(':'));
        let follows_dot = before(1).is_some_and(|placed| placed.is('.'));
        let word = self.word(0).unwrap_or_default();
        let leads = self.sign(1, ':') && self.sign(2, ':');
        let in_use = before(1).is_some_and(|placed| placed.word() == Some("use"));
        let renamed = word == "crate" && self.word(1) == Some("as");
        !follows_colons && !follows_dot && (leads || in_use || renamed)
    }

    /// Reads the rest of a path whose first names are `start`, groups of a `use` included.
    fn path(&mut self, start: &mut ModulePath) {
        let mut path = start.clone();
        loop {
            match self.tokens.get(self.at).map(|placed| &placed.token) {
                Some(Token::Word(word)) => {
                    path.push(word.clone());
                    self.at += 1;
                }
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    self.note(path);
                    return;
                }
                Some(Token::Sign('{')) => {
                    self.group(&path);
                    return;
                }
                _ => {
                    self.note(path);
                    return;
                }
            }
            if self.sign(0, ':') && self.sign(1, ':') {
                self.at += 2;
                continue;
            }
            self.note(path);
            return;
        }
    }

    /// `{a, b::c, self}` of a `use`.
    fn group(&mut self, start: &ModulePath) {
        self.at += 1;
        if self.groups == GROUPS {
            return self.note(vec!["crate".to_owned()]);
        }
        self.groups += 1;
        self.group_items(start);
        self.groups -= 1;
    }

    fn group_items(&mut self, start: &ModulePath) {
        while let Some(placed) = self.tokens.get(self.at) {
            match &placed.token {
                Token::Sign('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word(word) if word == "as" => self.at += 2,
                Token::Word(_) | Token::Sign('{' | '*') => self.path(&mut start.clone()),
                _ => self.at += 1,
            }
        }
    }

    fn note(&mut self, path: ModulePath) {
        let Some(first) = path.first().cloned() else {
            return;
        };
        let mut own = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.inside.clone(),
            "super" => self.inside[..self.inside.len().saturating_sub(1)].to_vec(),
            name if self.children.contains(name) => {
                let mut own = self.inside.clone();
                own.push(first);
                own
            }
            _ => {
                self.named.others.insert(path);
                return;
            }
        };
        for name in &path[1..] {
            match name.as_str() {
                "super" => {
                    own.pop();
                }
                "self" => {}
                _ => own.push(name.clone()),
            }
        }
        self.named.own.insert(own);
    }
}

#[cfg(test)]
mod tests {
    use super::Modules;
    use crate::files::FileSet;

    fn library(files: &[(&str, &str)]) -> Modules {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Modules::among("src/lib.rs", &files.iter().map(owned).collect::<FileSet>())
    }

    /// What `query` rests on, when `routing` stands beside it.
    fn behind_query(query: &str) -> Vec<String> {
        let modules = library(&[
            (
                "src/lib.rs",
                "pub mod query;\npub mod routing;\nmod given;\n",
            ),
            ("src/query.rs", query),
            ("src/routing.rs", "use crate::given::http::Request;\n"),
            ("src/given/mod.rs", "pub mod http;\n"),
            ("src/given/http.rs", "pub struct Request;\n"),
        ]);
        modules.behind("query").into_iter().collect()
    }

    const ALONE: [&str; 1] = ["src/query.rs"];
    const WITH_ROUTING: [&str; 4] = [
        "src/given/http.rs",
        "src/given/mod.rs",
        "src/query.rs",
        "src/routing.rs",
    ];

    #[test]
    fn words_that_are_no_paths_into_the_crate_are_no_uses() {
        for text in [
            "// see axum::routing and crate::routing\n",
            "/// crate::routing\npub fn f() {}\n",
            "use axum::routing::get;\n",
            "use axum::{routing, Router};\n",
            "pub fn f() { let routing = \"crate::routing\"; routing.len(); }\n",
            "mod tests { fn f() { super::g(); } }\n",
        ] {
            assert_eq!(behind_query(text), ALONE, "{text}");
        }
    }

    #[test]
    fn paths_into_the_crate_are_uses() {
        for text in [
            "use crate::routing::Router;\n",
            "use crate::{given, routing};\n",
            "use super::routing::{self, Router as R};\n",
            "pub fn f() { crate::routing::f(); }\n",
            "pub fn f() -> super::routing::Router { todo!() }\n",
            "macro_rules! m { () => { $crate::routing::f() } }\n",
            "use crate::*;\n",
            "use crate as shop;\n",
            "mod inner { use super::super::routing; }\n",
        ] {
            assert_eq!(behind_query(text), WITH_ROUTING, "{text}");
        }
    }

    #[test]
    fn a_use_is_followed_through_other_modules_and_children() {
        let modules = library(&[
            ("src/lib.rs", "pub mod a;\npub mod b;\npub mod c;\n"),
            ("src/a.rs", "use crate::b::x;\n"),
            ("src/b.rs", "mod deep;\npub use deep::x;\n"),
            ("src/b/deep.rs", "pub fn x() { crate::c::y() }\n"),
            ("src/c.rs", "#[path = \"elsewhere/d.rs\"]\nmod d;\n"),
            ("src/elsewhere/d.rs", ""),
        ]);
        let behind: Vec<String> = modules.behind("a").into_iter().collect();
        let expected = [
            "src/a.rs",
            "src/b.rs",
            "src/b/deep.rs",
            "src/c.rs",
            "src/elsewhere/d.rs",
        ];
        assert_eq!(behind, expected);
    }

    #[test]
    fn deep_groups_do_not_exhaust_the_stack() {
        let text = format!("use {}routing{};", "{".repeat(50_000), "}".repeat(50_000));
        assert_eq!(behind_query(&text), WITH_ROUTING);
    }

    #[test]
    fn a_test_names_what_it_uses_of_the_library() {
        let files = FileSet::from([
            (
                "tests/stage/main.rs".to_owned(),
                "mod sums;\nmod words;\n".to_owned(),
            ),
            (
                "tests/stage/sums.rs".to_owned(),
                "use tiny::{sums::sum, words};\n".to_owned(),
            ),
        ]);
        let tests = Modules::among("tests/stage/main.rs", &files);
        let named: Vec<Vec<String>> = tests.named_in("sums", "tiny").into_iter().collect();
        assert_eq!(named, [vec!["sums", "sum"], vec!["words"]]);
    }
}
