//! Data-driven dashboard.

#[path = "../../../exercises/18-dashboard/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/18-dashboard/src/program/mod.rs"]
pub mod program;
pub mod ingest;
pub mod storage;
pub mod timeseries;
pub mod breakdowns;
pub mod filters;
pub mod caching;
pub mod export;
pub mod live;
pub mod page;
