//! Lambda for durable functions on one machine.
