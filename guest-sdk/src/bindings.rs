//! The contract's bindings, generated from `wit/durable.wit`. Off wasm, calling one panics.

#![allow(unsafe_code, missing_docs, clippy::all)]

wit_bindgen::generate!({
    path: "wit",
    world: "handler",
    ownership: Borrowing { duplicate_if_necessary: false },
    with: {
        "wasi:io/poll@0.2.12": wasip2::io::poll,
    },
});

pub(crate) use durabox::durable::io;
pub(crate) use durabox::durable::operations as host;
