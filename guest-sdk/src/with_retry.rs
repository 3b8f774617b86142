//! A block that is tried again as a whole: a child context with one more to each attempt.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::BoxError;
use crate::builders::{ChildBuilder, RetryStrategyConfig};
use crate::context::DurableContext;
use crate::error::{StepError, StepErrorKind};
use crate::failure::Contextual;
use crate::future::DurableFuture;
use crate::operation::Place;
use crate::retry::{Retry, RetryDecision};
use crate::serdes::{JsonSerdes, Serdes};
use crate::terminals::{debug_by_place, terminals};

/// Makes a block that is tried again as a whole.
#[must_use = "a block is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct WithRetryBuilder<O, F, Fut, S = JsonSerdes> {
    place: Place,
    block: F,
    retry: Retry,
    serdes: S,
    output: PhantomData<fn() -> (O, Fut)>,
}

impl<O, F, Fut> WithRetryBuilder<O, F, Fut> {
    pub(crate) fn new(place: Place, block: F) -> Self {
        Self { place, block, retry: Retry::default(), serdes: JsonSerdes, output: PhantomData }
    }
}

impl<O, F, Fut, S> WithRetryBuilder<O, F, Fut, S> {
    /// Names the block; 1 to 256 printable ASCII characters, an empty name is none. Inside it, the
    /// attempts are named `attempt-1`, `attempt-2`, …, the waits between them `retry-delay-1`, ….
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Lets `strategy` decide, given an attempt's error and its number from 1. It is asked again on
    /// replay, and must decide the same.
    pub fn retry_strategy(mut self, strategy: impl Fn(&StepError, u32) -> RetryDecision + 'static) -> Self {
        self.retry = Retry::Closure(Box::new(strategy));
        self
    }

    /// Sets the retry strategy; by default [`RetryStrategyConfig::default`].
    pub fn retry_strategy_config(mut self, config: RetryStrategyConfig) -> Self {
        self.retry = Retry::Config(config);
        self
    }

    /// Sets what the result looks like on the wire, of each attempt and of the block; JSON by default.
    pub fn serdes<S2: Serdes<O>>(self, serdes: S2) -> WithRetryBuilder<O, F, Fut, S2> {
        let Self { place, block, retry, output, .. } = self;
        WithRetryBuilder { place, block, retry, serdes, output }
    }
}

impl<O, F, Fut, S> WithRetryBuilder<O, F, Fut, S>
where
    F: Fn(DurableContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
{
    fn start(self) -> DurableFuture<O> {
        let Self { place, block, retry, serdes, .. } = self;
        let site = place.clone();
        let serdes = Arc::new(serdes);
        let inner = Arc::clone(&serdes);
        let attempts = move |outer| attempts(outer, site, Arc::new(block), retry, inner);
        ChildBuilder::new(place, attempts).serdes(serdes).start()
    }
}

terminals!([O, F, Fut, S] WithRetryBuilder<O, F, Fut, S> => O, where
    F: Fn(DurableContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
);
debug_by_place!([O, F, Fut, S] WithRetryBuilder<O, F, Fut, S>, "WithRetryBuilder");

/// Tries the block until it succeeds or the strategy gives up. It keeps nothing: on replay, the
/// records of attempts and waits lead to where it was.
async fn attempts<O, F, Fut, S>(
    outer: DurableContext,
    site: Place,
    block: Arc<F>,
    retry: Retry,
    serdes: Arc<S>,
) -> Result<O, BoxError>
where
    F: Fn(DurableContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
{
    let mut attempt = 1;
    loop {
        let block = Arc::clone(&block);
        let error = match ChildBuilder::new(site.in_context(&outer), move |inner| block(inner))
            .name(format!("attempt-{attempt}"))
            .serdes(Arc::clone(&serdes))
            .await
        {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let error = StepError::new(StepErrorKind::ExecutionFailed, Some(error.into()));
        let Some(delay) = retry.delay(&outer, &error, attempt) else {
            let last = error.into_source().unwrap_or_else(|| "attempt failed".into());
            return Err(Contextual::boxed(format!("retries exhausted after {attempt} attempts"), last));
        };
        crate::builders::WaitBuilder::new(site.in_context(&outer), delay)
            .name(format!("retry-delay-{attempt}"))
            .await
            .map_err(|error| Contextual::boxed("with_retry delay wait failed", error))?;
        attempt += 1;
    }
}
