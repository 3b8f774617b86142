//! The contract's `io`: waiting for operations and for something outside at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll::Host as _;

use super::bindings::io::{self as wit, Woken};
use super::host::Host;
use super::stop::Stop;

impl wit::Host for Host {
    async fn wait_any_or(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Woken> {
        self.running("wait-any-or")?;
        if pollables.is_empty() {
            return Err(Stop::contract("`wait-any-or` was called with nothing to wait for".into()).into());
        }
        self.drain_output();
        let operations = self.next_ready().await?;
        let mut outside = pin!(self.table.poll(pollables));
        // With operations to go on with, what is outside is only looked at.
        let pollables = match operations.is_empty() {
            true => outside.await?,
            false => {
                poll_fn(|context| match outside.as_mut().poll(context) {
                    Poll::Ready(ready) => Poll::Ready(ready),
                    Poll::Pending => Poll::Ready(Ok(Vec::new())),
                })
                .await?
            }
        };
        Ok(Woken { operations, pollables })
    }
}
