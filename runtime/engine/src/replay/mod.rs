//! What an SDK does.
