//! Under construction.
mod bindings;
