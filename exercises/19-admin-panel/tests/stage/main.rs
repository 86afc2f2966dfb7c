mod search;
mod pages;
