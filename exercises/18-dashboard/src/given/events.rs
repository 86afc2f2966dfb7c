//! What happens in the shop, and along which lines it can be looked at.

use super::clock::UnixTime;

/// The seconds of an hour.
pub const HOUR: i64 = 3_600;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somebody looked at a book.
    View,
    /// Somebody put one into the cart.
    Cart,
    /// Somebody ordered.
    Order,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::View, Self::Cart, Self::Order];

    /// As requests and the tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Cart => "cart",
            Self::Order => "order",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// As the sender has it; the same id is the same event.
    pub id: String,
    /// When it happened.
    pub at: UnixTime,
    pub kind: Kind,
    /// Two letters, such as `AT`.
    pub country: String,
    /// Such as `web` or `app`.
    pub channel: String,
    /// Such as `phone`.
    pub device: String,
    /// Such as `Poetry`.
    pub category: String,
    /// What it was worth: for an order its sum, otherwise usually 0.
    pub cents: i64,
}

impl Event {
    /// What it is, along this line.
    #[must_use]
    pub fn along(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::Country => &self.country,
            Dimension::Channel => &self.channel,
            Dimension::Device => &self.device,
            Dimension::Category => &self.category,
        }
    }

    /// The first second of its hour, in UTC.
    #[must_use]
    pub fn hour(&self) -> UnixTime {
        self.at - self.at.rem_euclid(HOUR)
    }
}

/// A line along which events can be told apart. They have an order: it is that of the parts of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    Country,
    Channel,
    Device,
    Category,
}

impl Dimension {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Country, Self::Channel, Self::Device, Self::Category];

    /// As requests and the tables have it; also the name of the column in `events`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Channel => "channel",
            Self::Device => "device",
            Self::Category => "category",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.name() == name)
    }
}

/// What is looked at: one value in each of these dimensions, and everything in the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Slice(Vec<(Dimension, String)>);

impl Slice {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// The same with this value in this dimension, whatever was there before.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, value: &str) -> Self {
        self.0.retain(|(other, _)| *other != dimension);
        self.0.push((dimension, value.to_owned()));
        self.0.sort();
        self
    }

    /// The values, in the order of the dimensions.
    #[must_use]
    pub fn parts(&self) -> &[(Dimension, String)] {
        &self.0
    }

    /// The value in this dimension, if one is given.
    #[must_use]
    pub fn value(&self, dimension: Dimension) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| *other == dimension)
            .map(|(_, value)| value.as_str())
    }

    /// Whether an event belongs to it.
    #[must_use]
    pub fn holds(&self, event: &Event) -> bool {
        self.0
            .iter()
            .all(|(dimension, value)| event.along(*dimension) == value)
    }

    /// The column `facet` of `rollups`: the names of the dimensions with blanks between them.
    #[must_use]
    pub fn facet(&self) -> String {
        let names: Vec<&str> = self
            .0
            .iter()
            .map(|(dimension, _)| dimension.name())
            .collect();
        names.join(" ")
    }

    /// The column `value` of `rollups`: the values with line feeds between them. No value holds a line feed: `ingest`
    /// refuses control characters.
    #[must_use]
    pub fn value_text(&self) -> String {
        let values: Vec<&str> = self.0.iter().map(|(_, value)| value.as_str()).collect();
        values.join("\n")
    }
}
