//! The contract's types and traits, generated from `wit/durable.wit`.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "handler",
    imports: {
        "durabox:durable/operations.wait-any": async | trappable,
        "durabox:durable/io.wait-any-or": async | trappable,
        default: trappable,
    },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
    },
    require_store_data_send: true,
});

pub(super) use durabox::durable::{io, operations};
