//! The tests of the stage, a module for each exercise.

mod helpers;

mod users;
mod login;
mod profiles;
mod articles;
mod editing;
mod listing;
mod feed;
mod favorites;
mod comments;
mod tags;
