//! What can be set. The defaults are those of the running program.

/// The settings. Times are seconds.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long single events are kept; the roll-ups stay.
    pub raw_kept: i64,
    /// How far the clock of a sender may be ahead of ours.
    pub clock_tolerance: i64,
    /// The largest request body, in bytes.
    pub largest_body: usize,
    /// How many events one request may bring.
    pub most_events: usize,
    /// The time zone of a question that names none.
    pub zone: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // Two years and a month: last year's month can be compared with this year's.
            raw_kept: 761 * 24 * 3600,
            clock_tolerance: 300,
            largest_body: 4 * 1024 * 1024,
            most_events: 10_000,
            zone: "Europe/Vienna".to_owned(),
        }
    }
}
