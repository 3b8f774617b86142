//! Runs a durable handler in AWS Lambda: durabox as a custom runtime.

fn main() {}
