//! The SDK's half: claims in, states and updates out.

mod batches;
mod callbacks;
mod claims;
mod clock;
mod conditions;
mod contexts;
mod invokes;
mod recorded;
mod revoked;
mod steps;
mod support;
