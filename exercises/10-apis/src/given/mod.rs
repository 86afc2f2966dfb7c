//! What the exercises find ready. Given: read it, there is nothing to write in it.

pub mod api_page;
pub mod attempts;
pub mod partner;
pub mod refusal;
pub mod shelf;
pub mod stock;
pub mod till;
