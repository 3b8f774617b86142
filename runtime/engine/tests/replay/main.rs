//! The SDK's half: claims in, states and updates out.

mod claims;
mod clock;
mod contexts;
mod recorded;
mod steps;
mod support;
