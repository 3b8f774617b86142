use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

use super::send;
use crate::sandbox::clocks::{Request, Sleeps};

/// The body of an answer. While somebody waits for more of it, virtual time does not jump.
pub(super) struct AnswerBody {
    incoming: Incoming,
    /// Most time between two pieces.
    limit: Duration,
    patience: Option<Pin<Box<Sleep>>>,
    sleeps: Arc<Sleeps>,
    under_way: Option<Request>,
}

impl AnswerBody {
    pub(super) const fn new(incoming: Incoming, limit: Duration, sleeps: Arc<Sleeps>) -> Self {
        Self { incoming, limit, patience: None, sleeps, under_way: None }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(context) {
            (this.patience, this.under_way) = (None, None);
            return Poll::Ready(frame.map(|frame| frame.map_err(send::of_hyper)));
        }
        let limit = this.limit;
        let patience = this.patience.get_or_insert_with(|| Box::pin(sleep(limit)));
        if patience.as_mut().poll(context).is_ready() {
            patience.as_mut().reset(Instant::now() + limit);
            this.under_way = None;
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        }
        this.under_way.get_or_insert_with(|| this.sleeps.request());
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
