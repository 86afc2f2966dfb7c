//! The runner's library: what the course says, how answers are judged, and what a learner can do.
//!
//! Read it in this order: [`course`] reads the files, [`engine`] compiles and runs a stage and answers verdicts,
//! [`progress`] remembers them, and [`desk`] is the learner's place on top. Nothing here prints, and nothing knows a
//! terminal, a page or a class: whoever asks gets data, and hears what goes on as [`engine::Event`]s.

pub mod course;
pub mod desk;
pub mod diagnosis;
pub mod engine;
pub mod error;
pub mod files;
pub mod json;
pub mod key;
mod memory;
pub mod process;
pub mod progress;
pub mod running;
pub mod store;
pub mod toml_file;
