//! Pages for those who test with durabox; they lie in `docs/` too.

#[doc = include_str!("../docs/local-and-cloud.md")]
pub mod local_and_cloud {}

#[doc = include_str!("../docs/from-laptop-to-lambda.md")]
pub mod from_laptop_to_lambda {}

#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}
