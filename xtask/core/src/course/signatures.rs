//! The public signatures of a source, and where an answer's are not as the starter has them.
//!
//! Tests are written for the starter's signatures: an answer that changes one makes the compiler point into the test,
//! where nothing is wrong. Two signatures are the same when their tokens are, without what makes no difference to a
//! caller: names of parameters, lifetimes other than `'static`, the path before a name, commas before a bracket.

use std::collections::BTreeMap;

use super::rust_tokens::{Placed, Token, tokens_of};

/// One public item that is not as the starter has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Changed {
    /// What it is called, such as `Money::cents`, or the head of an `impl`.
    pub name: String,
    /// The file, as a learner reads it; empty where nobody has said it.
    pub file: String,
    /// The starter's signature; nothing when the answer has added it.
    pub starter: Option<String>,
    /// The answer's signature; nothing when it has none.
    pub yours: Option<String>,
}

/// The public items of `starter` that are missing or others in `yours`, in the order of the starter; then what `yours`
/// adds where tests count on there being no more: a variant, a field of a struct with public fields only, a method that
/// a trait asks for. A source that does not split into tokens has no answer.
pub fn changed(starter: &str, yours: &str) -> Vec<Changed> {
    let theirs = Reader::read(starter);
    let own = Reader::read(yours);
    if own.is_empty() && !yours.trim().is_empty() {
        return Vec::new();
    }
    let by_name: BTreeMap<&str, &Item> =
        own.iter().map(|item| (item.name.as_str(), item)).collect();
    let known: BTreeMap<&str, &Item> = theirs
        .iter()
        .map(|item| (item.name.as_str(), item))
        .collect();
    let mut found = Vec::new();
    for item in theirs.iter().filter(|item| item.public) {
        let parent_is_gone = item
            .parent
            .as_deref()
            .is_some_and(|parent| known.contains_key(parent) && !by_name.contains_key(parent));
        if parent_is_gone {
            continue;
        }
        let mine = by_name.get(item.name.as_str());
        if mine.is_some_and(|mine| mine.meaning == item.meaning) || derived_by_hand(item, &own) {
            continue;
        }
        let alike = || {
            let mut others = own
                .iter()
                .filter(|other| !known.contains_key(other.name.as_str()));
            others.find(|other| item.alike.is_some() && other.alike == item.alike)
        };
        let mine = mine.copied().or_else(alike);
        found.push(Changed {
            name: item.name.clone(),
            file: String::new(),
            starter: Some(item.shown.clone()),
            yours: mine.map(|mine| mine.shown.clone()),
        });
    }
    for item in own.iter().filter(|item| item.counts_when_new) {
        let parent = item.parent.as_deref().and_then(|parent| known.get(parent));
        if parent.is_some_and(|parent| parent.closed) && !known.contains_key(item.name.as_str()) {
            found.push(Changed {
                name: item.name.clone(),
                file: String::new(),
                starter: None,
                yours: Some(item.shown.clone()),
            });
        }
    }
    found
}

/// Those of `changed` that other files rely on: a function that none of them names is its own file's business.
pub fn relied_on<'s>(changed: Vec<Changed>, others: impl Iterator<Item = &'s str>) -> Vec<Changed> {
    if changed.is_empty() {
        return changed;
    }
    let others: Vec<Vec<Placed>> = others.map(tokens_of).collect();
    let is_named = |one: &Changed| {
        let name = one.name.rsplit("::").next();
        let mut tokens = others.iter().flatten();
        tokens.any(|token| token.word() == name)
    };
    let is_function = |one: &Changed| {
        let starter = one.starter.as_deref().unwrap_or_default();
        starter.split_whitespace().any(|word| word == "fn")
    };
    let changed = changed.into_iter();
    changed
        .filter(|one| !is_function(one) || is_named(one))
        .collect()
}

/// Whether `item` is a derived trait for which the answer has an `impl`.
fn derived_by_hand(item: &Item, own: &[Item]) -> bool {
    item.derived.as_ref().is_some_and(|derived| {
        own.iter()
            .any(|other| other.alike.as_ref() == Some(derived))
    })
}

#[derive(Debug, Default)]
struct Item {
    name: String,
    /// The type or trait that it belongs to.
    parent: Option<String>,
    public: bool,
    /// What counts when two are compared.
    meaning: Vec<String>,
    /// As it stands in the source, on one line.
    shown: String,
    /// What an `impl` is for, so that a changed one is found.
    alike: Option<(String, String)>,
    /// The trait and the type, when it is a derived trait.
    derived: Option<(String, String)>,
    /// Tests may count on there being no other parts.
    closed: bool,
    /// Where its parent is closed, it changes something that it is there.
    counts_when_new: bool,
}

/// Reads the items of a source.
struct Reader<'s> {
    source: &'s str,
    tokens: Vec<Placed>,
    items: Vec<Item>,
}

/// Where a list of items stands.
#[derive(Clone, Copy)]
enum Inside<'p> {
    /// In the file, or in a public module of it.
    Module(&'p str),
    /// In an `impl` of a type's own; the name and the tokens of the type.
    Impl(&'p str, &'p [String]),
    /// In an `impl` of a trait, whose types count and nothing else does.
    TraitImpl(&'p str, &'p [String]),
    Trait(&'p str),
}

/// What stands before an item.
#[derive(Default)]
struct Front {
    derives: Vec<String>,
    public: bool,
}

impl<'s> Reader<'s> {
    fn read(source: &'s str) -> Vec<Item> {
        let mut reader = Self {
            source,
            tokens: tokens_of(source),
            items: Vec::new(),
        };
        let end = reader.tokens.len();
        reader.items(0, end, Inside::Module(""));
        reader.items
    }

    fn is(&self, at: usize, sign: char) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(sign))
    }

    fn word(&self, at: usize) -> &str {
        self.tokens
            .get(at)
            .and_then(Placed::word)
            .unwrap_or_default()
    }

    /// Behind the bracket that closes the one at `at`; behind the token when it is none.
    fn behind(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(at) {
            if let Token::Sign(sign) = token.token {
                match sign {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if depth == 0 {
                return index + 1;
            }
        }
        self.tokens.len()
    }

    /// The first of these signs from `at` on that stands in no bracket, angle brackets among them.
    fn find(&self, at: usize, end: usize, signs: &[char]) -> usize {
        let mut angles = 0_usize;
        let mut index = at;
        while index < end {
            match &self.tokens[index].token {
                Token::Sign(sign) if angles == 0 && signs.contains(sign) => return index,
                Token::Sign('<') => angles += 1,
                // The head of an arrow is no bracket.
                Token::Sign('>') if !self.is(index.wrapping_sub(1), '-') => {
                    angles = angles.saturating_sub(1);
                }
                Token::Sign('(' | '[' | '{') => {
                    index = self.behind(index);
                    continue;
                }
                _ => {}
            }
            index += 1;
        }
        end
    }

    fn items(&mut self, mut at: usize, end: usize, inside: Inside<'_>) {
        while at < end {
            at = self.item(at, end, inside).max(at + 1);
        }
    }

    /// Attributes and visibility; answers where they begin to be part of the signature, and the item's first word.
    fn front(&self, mut at: usize) -> (Front, usize, usize) {
        let mut front = Front::default();
        while self.is(at, '#') {
            let bracket = if self.is(at + 1, '!') { at + 2 } else { at + 1 };
            let end = self.behind(bracket);
            if self.word(bracket + 1) == "derive" {
                let words = (bracket + 2..end).filter(|index| !self.is(index + 1, ':'));
                let words = words.map(|index| self.word(index).to_owned());
                front.derives.extend(words.filter(|word| !word.is_empty()));
            }
            at = end;
        }
        let begin = at;
        if self.word(at) == "pub" {
            at += 1;
            if self.is(at, '(') {
                at = self.behind(at);
            } else {
                front.public = true;
            }
        }
        (front, begin, at)
    }

    /// Reads one item, and answers where it ends.
    fn item(&mut self, at: usize, end: usize, inside: Inside<'_>) -> usize {
        let (front, begin, mut first) = self.front(at);
        while ["async", "unsafe", "extern", "default"].contains(&self.word(first))
            || (self.word(first) == "const"
                && ["fn", "async", "unsafe"].contains(&self.word(first + 1)))
            || matches!(self.tokens.get(first), Some(token) if matches!(token.token, Token::Literal(_)))
        {
            first += 1;
        }
        let name = self.word(first + 1).to_owned();
        match self.word(first) {
            "fn" => {
                let body = self.find(first, end, &['{', ';']);
                let required = self.is(body, ';');
                self.add_function(&name, begin, body, &front, inside, required);
                self.behind(body)
            }
            "const" | "static" => {
                let value = self.find(first, end, &['=', ';']);
                self.add(&name, begin, value, &front, inside, false);
                self.find(value, end, &[';']) + 1
            }
            "type" => {
                let last = self.find(first, end, &[';']);
                self.add(&name, begin, last, &front, inside, false);
                last + 1
            }
            "struct" => self.structure(&name, begin, first, end, &front, inside),
            "enum" => self.enumeration(&name, begin, first, end, &front, inside),
            "trait" => {
                let body = self.find(first, end, &['{', ';']);
                let behind = self.behind(body);
                self.add(&name, begin, body, &front, inside, false);
                let path = path(inside, &name);
                self.close(&path);
                if front.public {
                    self.items(body + 1, behind.saturating_sub(1), Inside::Trait(&path));
                }
                behind
            }
            "impl" => self.implementation(first, end, inside),
            "mod" => {
                let body = self.find(first, end, &['{', ';']);
                let behind = self.behind(body);
                if front.public && self.is(body, '{') {
                    let path = path(inside, &name);
                    self.items(body + 1, behind.saturating_sub(1), Inside::Module(&path));
                }
                behind
            }
            "use" => self.find(first, end, &[';']) + 1,
            _ => self.behind(first),
        }
    }

    fn add_function(
        &mut self,
        name: &str,
        begin: usize,
        end: usize,
        front: &Front,
        inside: Inside<'_>,
        required: bool,
    ) {
        if !matches!(inside, Inside::TraitImpl(..)) {
            self.add(name, begin, end, front, inside, required);
        }
    }

    fn add(
        &mut self,
        name: &str,
        begin: usize,
        end: usize,
        front: &Front,
        inside: Inside<'_>,
        counts_when_new: bool,
    ) {
        let in_trait = matches!(inside, Inside::TraitImpl(..) | Inside::Trait(_));
        let mut meaning = self.meaning(begin, end);
        if let Inside::Impl(_, own) | Inside::TraitImpl(_, own) = inside {
            meaning = with_own_type(meaning, own);
        }
        let item = Item {
            name: path(inside, name),
            parent: parent(inside),
            public: front.public || in_trait,
            meaning,
            shown: self.shown(begin, end),
            counts_when_new,
            ..Item::default()
        };
        self.items.push(item);
    }

    /// Tests may count on this type's parts being all.
    fn close(&mut self, path: &str) {
        let mut items = self.items.iter_mut();
        if let Some(item) = items.find(|item| item.name == path) {
            item.closed = true;
        }
    }

    fn add_derives(&mut self, front: &Front, of: &str, name: &str) {
        for derive in &front.derives {
            self.items.push(Item {
                name: format!("derive({derive}) of {of}"),
                parent: Some(of.to_owned()),
                public: front.public,
                meaning: vec![derive.clone()],
                shown: format!("#[derive({derive})] on {name}"),
                derived: Some((derive.clone(), name.to_owned())),
                ..Item::default()
            });
        }
    }

    fn structure(
        &mut self,
        name: &str,
        begin: usize,
        first: usize,
        end: usize,
        front: &Front,
        inside: Inside<'_>,
    ) -> usize {
        let of = path(inside, name);
        let body = self.find(first, end, &['{', '(', ';']);
        let behind = self.behind(body);
        let fields = if self.is(body, ';') {
            Vec::new()
        } else {
            self.parts(body + 1, behind - 1)
        };
        let is_public = |(begin, _): &(usize, usize)| self.front(*begin).0.public;
        let closed = !fields.is_empty() && fields.iter().all(is_public);
        let is_tuple = self.is(body, '(');
        // A tuple's fields have no names, so the whole is one signature, where others see into it.
        let last = if is_tuple && closed { behind } else { body };
        self.add(name, begin, last, front, inside, false);
        if closed {
            self.close(&of);
        }
        self.add_derives(front, &of, name);
        if is_tuple {
            return self.find(behind, end, &[';']) + 1;
        }
        for (begin, end) in fields {
            let (about, begin, first) = self.front(begin);
            let item = Item {
                name: format!("{of}.{}", self.word(first)),
                parent: Some(of.clone()),
                public: about.public && front.public,
                meaning: self.meaning(begin, end),
                shown: self.shown(begin, end),
                counts_when_new: true,
                ..Item::default()
            };
            self.items.push(item);
        }
        behind
    }

    fn enumeration(
        &mut self,
        name: &str,
        begin: usize,
        first: usize,
        end: usize,
        front: &Front,
        inside: Inside<'_>,
    ) -> usize {
        let of = path(inside, name);
        let body = self.find(first, end, &['{', ';']);
        let behind = self.behind(body);
        self.add(name, begin, body, front, inside, false);
        self.close(&of);
        self.add_derives(front, &of, name);
        for (begin, end) in self.parts(body + 1, behind.saturating_sub(1)) {
            let (_, begin, first) = self.front(begin);
            let item = Item {
                name: format!("{of}::{}", self.word(first)),
                parent: Some(of.clone()),
                public: front.public,
                meaning: self.meaning(begin, end),
                shown: self.shown(begin, end),
                counts_when_new: true,
                ..Item::default()
            };
            self.items.push(item);
        }
        behind
    }

    fn implementation(&mut self, first: usize, end: usize, inside: Inside<'_>) -> usize {
        let body = self.find(first, end, &['{', ';']);
        let behind = self.behind(body);
        let generics = if self.is(first + 1, '<') {
            self.find(first + 2, body, &['>']) + 1
        } else {
            first + 1
        };
        let is_for = |index: &usize| self.word(*index) == "for" && !self.is(index + 1, '<');
        let of_trait = (generics..body).find(is_for);
        let head_end = (generics..body)
            .find(|index| self.word(*index) == "where")
            .unwrap_or(body);
        let own = self.meaning(of_trait.map_or(generics, |index| index + 1), head_end);
        let module = match inside {
            Inside::Module(module) => module,
            _ => "",
        };
        let type_name = own
            .iter()
            .find(|word| is_name(word))
            .cloned()
            .unwrap_or_default();
        let full = path(Inside::Module(module), &type_name);
        let Some(of_trait) = of_trait else {
            self.items(
                body + 1,
                behind.saturating_sub(1),
                Inside::Impl(&full, &own),
            );
            return behind;
        };
        let meaning = self.meaning(generics, head_end);
        let trait_name = self
            .meaning(generics, of_trait)
            .into_iter()
            .find(|word| is_name(word));
        let name = format!("impl {}", meaning.join(" "));
        let mut types = self.items.iter().filter(|item| item.name == full);
        let private = types.any(|item| !item.public);
        self.items.push(Item {
            name: name.clone(),
            parent: Some(full),
            public: !private,
            meaning,
            shown: self.shown(first, head_end),
            alike: trait_name.map(|name| (name, type_name)),
            ..Item::default()
        });
        self.items(
            body + 1,
            behind.saturating_sub(1),
            Inside::TraitImpl(&name, &own),
        );
        behind
    }

    /// What stands between commas.
    fn parts(&self, mut at: usize, end: usize) -> Vec<(usize, usize)> {
        let mut parts = Vec::new();
        while at < end {
            let comma = self.find(at, end, &[',']);
            if comma > at {
                parts.push((at, comma));
            }
            at = comma + 1;
        }
        parts
    }

    /// The tokens that count.
    fn meaning(&self, begin: usize, end: usize) -> Vec<String> {
        let names = self.parameter_names(begin, end);
        let mut words: Vec<String> = Vec::new();
        let mut at = begin;
        while at < end {
            if let Some((_, behind)) = names
                .iter()
                .find(|(first, behind)| (*first..*behind).contains(&at))
            {
                at = *behind;
                continue;
            }
            if self.is(at, '#') && self.is(at + 1, '[') {
                at = self.behind(at + 1);
                continue;
            }
            if self.is(at, '\'') && self.word(at + 1) != "static" {
                at += 2;
                if self.is(at, ',') || self.is(at, '+') {
                    at += 1;
                } else if words.last().is_some_and(|last| last == "+") {
                    words.pop();
                }
                continue;
            }
            // Of a path its last name counts; `::` before `<` makes no difference.
            if self.is(at, ':') && self.is(at + 1, ':') {
                if words.last().is_some_and(|last| is_name(last)) && !self.is(at + 2, '<') {
                    words.pop();
                }
                at += 2;
                continue;
            }
            let is_const_fn = self.word(at) == "const" && self.word(at + 1) == "fn";
            if !is_const_fn {
                words.push(text_of(&self.tokens[at].token));
            }
            at += 1;
        }
        without_trifles(words)
    }

    /// The names of a function's parameters with their colons, and a `mut` before `self`.
    fn parameter_names(&self, begin: usize, end: usize) -> Vec<(usize, usize)> {
        let Some(word) = (begin..end).find(|index| self.word(*index) == "fn") else {
            return Vec::new();
        };
        let open = self.find(word + 1, end, &['(']);
        if open >= end {
            return Vec::new();
        }
        let mut names = Vec::new();
        for (first, last) in self.parts(open + 1, self.behind(open).saturating_sub(1)) {
            if self.word(first) == "mut" && self.word(first + 1) == "self" {
                names.push((first, first + 1));
                continue;
            }
            // Patterns may hold paths, whose colons come in pairs.
            let mut colon = self.find(first, last, &[':']);
            while colon < last && self.is(colon + 1, ':') {
                colon = self.find(colon + 2, last, &[':']);
            }
            if colon < last && self.word(first) != "self" {
                names.push((first, colon + 1));
            }
        }
        names
    }

    /// The source on one line, without comments.
    fn shown(&self, begin: usize, end: usize) -> String {
        let (Some(first), Some(last)) = (
            self.tokens.get(begin),
            self.tokens.get(end.saturating_sub(1)),
        ) else {
            return String::new();
        };
        let text = self
            .source
            .get(first.bytes().start..last.bytes().end)
            .unwrap_or_default();
        let lines = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        let line = words.join(" ");
        line.replace("( ", "(")
            .replace(", )", ")")
            .replace(" )", ")")
            .replace(",>", ">")
    }
}

fn text_of(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Sign(sign) => sign.to_string(),
        Token::Literal(text) => text.clone(),
    }
}

fn is_name(word: &str) -> bool {
    let first = word.chars().next();
    first.is_some_and(|first| first.is_alphabetic() || first == '_')
        && ![
            "dyn", "impl", "mut", "for", "as", "pub", "fn", "where", "const",
        ]
        .contains(&word)
}

/// Without commas before a bracket, empty angle brackets, and the answer `()`.
fn without_trifles(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let closes = [")", ">", "}", "]"].contains(&word.as_str());
        if closes && out.last().is_some_and(|last| last == ",") {
            out.pop();
        }
        if word == ">" && out.last().is_some_and(|last| last == "<") {
            out.pop();
            continue;
        }
        out.push(word);
    }
    if out.last().is_some_and(|last| last == ",") {
        out.pop();
    }
    if out.ends_with(&["-", ">", "(", ")"].map(str::to_owned)) {
        out.truncate(out.len() - 4);
    }
    out
}

/// With the type's own name in the place of `Self`.
fn with_own_type(words: Vec<String>, own: &[String]) -> Vec<String> {
    let words = words.into_iter();
    words
        .flat_map(|word| {
            if word == "Self" {
                own.to_vec()
            } else {
                vec![word]
            }
        })
        .collect()
}

fn parent(inside: Inside<'_>) -> Option<String> {
    match inside {
        Inside::Module(_) => None,
        Inside::Impl(name, _) | Inside::TraitImpl(name, _) | Inside::Trait(name) => {
            Some(name.to_owned())
        }
    }
}

fn path(inside: Inside<'_>, name: &str) -> String {
    match inside {
        Inside::Module("") => name.to_owned(),
        Inside::Module(within) | Inside::Impl(within, _) | Inside::Trait(within) => {
            format!("{within}::{name}")
        }
        Inside::TraitImpl(within, _) => format!("{within}: {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{changed, relied_on};

    fn said(starter: &str, yours: &str) -> Vec<String> {
        let word = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let found = changed(starter, yours).into_iter();
        found
            .map(|one| format!("{}: {} / {}", one.name, word(one.starter), word(one.yours)))
            .collect()
    }

    #[test]
    fn what_makes_no_difference_to_a_caller_is_no_difference() {
        for (starter, yours) in [
            (
                "pub fn f(a: u32, b: &mut Vec<u8>) -> () {}",
                "pub fn f(mut x: u32, y: &mut std::vec::Vec<u8>,) { 1; }",
            ),
            (
                "pub fn f<'a>(a: &'a str) -> &'a str {}",
                "/// Doc.\npub fn f(a: &str) -> &str {}",
            ),
            (
                "pub fn f(Path(id): Path<u64>) {}",
                "pub fn f(path::Path(a): axum::Path<u64>) {}",
            ),
            (
                "pub struct A; impl A { pub fn new() -> Self {} }",
                "pub struct A { x: u8 }\nimpl A { pub fn more(&self) {} pub const fn new() -> A {} }",
            ),
            (
                "use std::fmt; pub struct A; impl fmt::Display for A {}",
                "pub struct A; impl std::fmt::Display for A {}",
            ),
            (
                "#[derive(Debug, Clone)] pub struct A;",
                "#[derive(Clone)] #[derive(Debug, Eq)] pub struct A;",
            ),
            (
                "#[derive(Debug)] pub struct A;",
                "pub struct A; impl std::fmt::Debug for A {}",
            ),
            ("pub const N: u32 = 1;", "pub const N: u32 = { 2 };"),
            ("fn helper(a: u8) {}", ""),
            ("pub fn f() {}", "pub fn f() {"),
        ] {
            assert_eq!(
                said(starter, yours),
                Vec::<String>::new(),
                "{starter} | {yours}"
            );
        }
    }

    #[test]
    fn a_changed_function_is_shown_beside_the_starters() {
        assert_eq!(
            said(
                "pub fn f(a: u32) -> u32 { 1 }",
                "pub fn f(\n    a: u32, // a\n    b: u32,\n) -> u32 { 1 }"
            ),
            ["f: pub fn f(a: u32) -> u32 / pub fn f(a: u32, b: u32) -> u32"]
        );
        assert_eq!(
            said("pub fn f() {}", "fn f() {}"),
            ["f: pub fn f() / fn f()"]
        );
        assert_eq!(
            said("pub fn f() {}", "pub fn g() {}"),
            ["f: pub fn f() / -"]
        );
        assert_eq!(
            said("pub fn f(a: &mut u8) {}", "pub fn f(a: &u8) {}").len(),
            1
        );
        assert_eq!(
            said("pub fn f() -> &'static str {}", "pub fn f() -> &str {}").len(),
            1
        );
        assert_eq!(said("pub async fn f() {}", "pub fn f() {}").len(), 1);
        assert_eq!(
            said(
                "pub struct A; impl A { pub fn f(self) {} }",
                "pub struct A; impl A { pub fn f(&self) {} }"
            ),
            ["A::f: pub fn f(self) / pub fn f(&self)"]
        );
    }

    #[test]
    fn types_are_compared_as_far_as_others_see_into_them() {
        let starter = "pub struct Line { pub title: String, pub copies: u32 }";
        assert_eq!(
            said(
                starter,
                "pub struct Line { pub title: &'static str, pub copies: u32, price: u8 }"
            ),
            [
                "Line.title: pub title: String / pub title: &'static str",
                "Line.price: - / price: u8"
            ]
        );
        assert_eq!(
            said("pub struct A { a: u8 }", "pub struct A(String, u8);"),
            Vec::<String>::new()
        );
        assert_eq!(
            said("pub struct A(pub u8);", "pub struct A(pub u16);"),
            ["A: pub struct A(pub u8) / pub struct A(pub u16)"]
        );
        assert_eq!(
            said(
                "pub enum E { A, B(u8) }",
                "pub enum E { A, B { b: u8 }, C }"
            ),
            ["E::B: B(u8) / B { b: u8 }", "E::C: - / C"]
        );
        assert_eq!(
            said("#[derive(Debug)] pub enum E { A }", "pub enum E { A }"),
            ["derive(Debug) of E: #[derive(Debug)] on E / -"]
        );
        assert_eq!(said("pub enum E { A }", ""), ["E: pub enum E / -"]);
    }

    #[test]
    fn a_function_that_nobody_names_may_be_another() {
        let found = || changed("pub fn f() {} pub struct A;", "pub fn f(a: u8) {}");
        let left = |others: [&str; 2]| relied_on(found(), others.into_iter()).len();
        assert_eq!(left(["// f", "\"f\""]), 1);
        assert_eq!(left(["use tiny::f;", ""]), 2);
    }

    #[test]
    fn traits_and_their_impls_are_compared() {
        let starter = "pub trait T { fn a(&self) -> u8; }\npub struct A;\nimpl T for A {}";
        assert_eq!(
            said(
                starter,
                "pub trait T { fn a(&self) -> u16; fn b(&self); fn c(&self) {} }\npub struct A;"
            ),
            [
                "T::a: fn a(&self) -> u8 / fn a(&self) -> u16",
                "impl T for A: impl T for A / -",
                "T::b: - / fn b(&self)"
            ]
        );
        assert_eq!(
            said(
                "pub struct A; impl From<u8> for A {}",
                "pub struct A; impl From<u16> for A {}"
            ),
            ["impl From < u8 > for A: impl From<u8> for A / impl From<u16> for A"]
        );
        assert_eq!(
            said(
                "pub struct A; impl FromStr for A { type Err = E; }",
                "pub struct A; impl FromStr for A { type Err = String; }"
            ),
            ["impl FromStr for A: Err: type Err = E / type Err = String"]
        );
    }
}
