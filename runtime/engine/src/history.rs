//! Rebuilds operations from the events of a history.
