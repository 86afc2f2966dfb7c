//! The tests of the stage, a module for each exercise.

mod helpers;
mod ingest;
mod storage;
mod timeseries;
mod breakdowns;
mod filters;
mod caching;
mod export;
mod live;
mod page;
