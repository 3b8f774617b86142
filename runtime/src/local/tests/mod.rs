//! The world of a run, with handlers that are a few lines of script.

mod callbacks;
mod control;
mod invokes;
mod kept;
mod support;
