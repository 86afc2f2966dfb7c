//! Data-driven dashboard.

pub mod given;
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
