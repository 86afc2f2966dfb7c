//! Reading JSON whose parts may be missing.

use std::borrow::Cow;

use nojson::{RawJson, RawJsonValue};

/// A place in a document; what is missing has only missing parts.
#[derive(Clone, Copy)]
pub struct Node<'t, 'r>(Option<RawJsonValue<'t, 'r>>);

impl<'t, 'r> Node<'t, 'r> {
    /// The whole document.
    pub fn of(document: &'r RawJson<'t>) -> Self {
        Self(Some(document.value()))
    }

    /// What stands under `key`.
    #[must_use]
    pub fn at(self, key: &str) -> Self {
        Self(
            self.0
                .and_then(|value| value.to_member(key).ok()?.optional()),
        )
    }

    /// The members of an object, in their order; nothing when it is none.
    pub fn members(self) -> Option<Vec<(Cow<'t, str>, Self)>> {
        let pairs = self.0?.to_object().ok()?;
        let named = |(key, value): (RawJsonValue<'t, 'r>, _)| {
            Some((key.to_unquoted_string_str().ok()?, Self(Some(value))))
        };
        pairs.map(named).collect()
    }

    /// The items of a list; none when it is no list.
    pub fn items(self) -> Vec<Self> {
        let list = self.0.and_then(|value| value.to_array().ok());
        list.into_iter()
            .flatten()
            .map(|value| Self(Some(value)))
            .collect()
    }

    /// The text, when it is one.
    pub fn text(self) -> Option<Cow<'t, str>> {
        self.0?.to_unquoted_string_str().ok()
    }

    /// The whole number from 0, when it is one.
    pub fn number(self) -> Option<u64> {
        self.0?.as_integer_str().ok()?.parse().ok()
    }

    /// True or false, when it is one of them.
    pub fn flag(self) -> Option<bool> {
        self.0?.as_boolean_str().ok()?.parse().ok()
    }

    /// Whether something stands here that is not `null`.
    pub fn is_there(self) -> bool {
        self.0.is_some_and(|value| !value.kind().is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::Node;
    use nojson::RawJson;

    #[test]
    fn what_is_missing_has_only_missing_parts() {
        let document = RawJson::parse(r#"{"a": {"b": ["x\n", 7, true, null]}}"#).expect("JSON");
        let items = Node::of(&document).at("a").at("b").items();
        assert_eq!(items[0].text().as_deref(), Some("x\n"));
        assert_eq!((items[1].number(), items[1].text()), (Some(7), None));
        assert_eq!((items[2].flag(), items[3].is_there()), (Some(true), false));
        let missing = Node::of(&document).at("no").at("where");
        assert!(missing.items().is_empty() && missing.members().is_none() && !missing.is_there());
    }
}
