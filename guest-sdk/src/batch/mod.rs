//! Map and parallel: one body to each item, side by side, recorded as one operation with a branch
//! to each.

mod branch;
mod completion;
mod coordinator;
mod result;
mod summary;

use std::marker::PhantomData;
use std::rc::Rc;

use crate::BoxError;
use crate::context::DurableContext;
use crate::error::OperationError;
use crate::future::DurableFuture;
use crate::operation::Place;
use crate::serdes::{JsonSerdes, Serdes};
use crate::terminals::{debug_by_place, terminals};

pub use branch::Branch;
pub use completion::{
    BatchStats, CompletionConfig, CompletionConfigBuilder, CompletionConfigValidationError, SettledOutcome,
};
use coordinator::{Batch, Bodies};
pub use result::{BatchError, BatchItem, BatchItemStatus, BatchResult, BatchStatus, CompletionReason};
pub use summary::BatchSummary;

/// Whether branches are operations themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NestingMode {
    /// Each branch is an operation, which holds what runs in it.
    #[default]
    Normal,
    /// What runs in a branch belongs to the map or parallel itself: fewer operations.
    Flat,
}

/// The two kinds of batch.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    sub_type: &'static str,
    branch_sub_type: &'static str,
}

const MAP: Kind = Kind { name: "map", sub_type: "Map", branch_sub_type: "MapIteration" };
const PARALLEL: Kind = Kind { name: "parallel", sub_type: "Parallel", branch_sub_type: "ParallelBranch" };

type Namer = Rc<dyn Fn(usize) -> String>;

/// What is set for a batch of either kind.
struct Settings<IS, RS> {
    max_concurrency: Option<usize>,
    completion: Option<CompletionConfig>,
    nesting: NestingMode,
    namer: Option<Namer>,
    serdes: IS,
    result_serdes: RS,
}

impl Settings<JsonSerdes, JsonSerdes> {
    fn new() -> Self {
        Self {
            max_concurrency: None,
            completion: None,
            nesting: NestingMode::default(),
            namer: None,
            serdes: JsonSerdes,
            result_serdes: JsonSerdes,
        }
    }
}

impl<IS, RS> Settings<IS, RS> {
    fn serdes<IS2>(self, serdes: IS2) -> Settings<IS2, RS> {
        let Self { max_concurrency, completion, nesting, namer, result_serdes, .. } = self;
        Settings { max_concurrency, completion, nesting, namer, serdes, result_serdes }
    }

    fn result_serdes<RS2>(self, result_serdes: RS2) -> Settings<IS, RS2> {
        let Self { max_concurrency, completion, nesting, namer, serdes, .. } = self;
        Settings { max_concurrency, completion, nesting, namer, serdes, result_serdes }
    }
}

/// Gives a batch's builder what both kinds can be set to.
macro_rules! settings {
    ([$($generics:tt)*] $builder:ty) => {
        impl<$($generics)*> $builder {
            /// Names the operation; 1 to 256 printable ASCII characters, an empty name is none.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.place.name(name.into());
                self
            }

            /// Limits how many branches run at once, at least 1; all by default. A branch that
            /// waits keeps its place.
            pub fn max_concurrency(mut self, max: usize) -> Self {
                self.settings.max_concurrency = Some(max);
                self
            }

            /// Sets when the operation is complete though branches have not ended. By default, it
            /// is on the first failure.
            pub fn completion(mut self, config: CompletionConfig) -> Self {
                self.settings.completion = Some(config);
                self
            }

            /// Sets whether branches are operations themselves; they are by default.
            pub fn nesting(mut self, mode: NestingMode) -> Self {
                self.settings.nesting = mode;
                self
            }
        }
    };
}

/// Makes a map.
#[must_use = "a map does nothing until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct MapBuilder<I, O, F, Fut, IS = JsonSerdes, RS = JsonSerdes> {
    place: Place,
    items: Vec<I>,
    body: F,
    settings: Settings<IS, RS>,
    output: PhantomData<fn() -> (O, Fut)>,
}

impl<I, O, F, Fut> MapBuilder<I, O, F, Fut> {
    pub(crate) fn new(place: Place, items: Vec<I>, body: F) -> Self {
        Self { place, items, body, settings: Settings::new(), output: PhantomData }
    }
}

settings!([I, O, F, Fut, IS, RS] MapBuilder<I, O, F, Fut, IS, RS>);

impl<I, O, F, Fut, IS, RS> MapBuilder<I, O, F, Fut, IS, RS> {
    /// Names the iterations, by their place in the input; they have no names by default.
    pub fn item_namer(mut self, namer: impl Fn(usize) -> String + 'static) -> Self {
        self.settings.namer = Some(Rc::new(namer));
        self
    }

    /// Sets what an item's result looks like on the wire; JSON by default.
    pub fn serdes<IS2: Serdes<O>>(self, serdes: IS2) -> MapBuilder<I, O, F, Fut, IS2, RS> {
        let Self { place, items, body, settings, output } = self;
        MapBuilder { place, items, body, settings: settings.serdes(serdes), output }
    }

    /// Sets what the whole result looks like on the wire; JSON by default.
    pub fn result_serdes<RS2: Serdes<BatchSummary>>(self, serdes: RS2) -> MapBuilder<I, O, F, Fut, IS, RS2> {
        let Self { place, items, body, settings, output } = self;
        MapBuilder { place, items, body, settings: settings.result_serdes(serdes), output }
    }
}

impl<I, O, F, Fut, IS, RS> MapBuilder<I, O, F, Fut, IS, RS>
where
    I: 'static,
    O: 'static,
    F: Fn(DurableContext, I, usize) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    IS: Serdes<O>,
    RS: Serdes<BatchSummary>,
{
    /// Waits for the items, and returns how each of them ended. Only an operation that could not
    /// be carried out is an error.
    pub async fn await_batch(self) -> Result<BatchResult<O>, OperationError> {
        self.batch().await
    }

    fn start(self) -> DurableFuture<Vec<O>> {
        let batch = self.batch();
        DurableFuture::lazy(async { batch.await?.into_results() })
    }

    /// Claims the operation.
    fn batch(self) -> impl Future<Output = Result<BatchResult<O>, OperationError>> + 'static {
        let Self { place, items, body, settings, .. } = self;
        let bodies = Bodies::new(items, move |context, item, index| Box::pin(body(context, item, index)));
        Batch::claim(place, MAP, settings).run(bodies)
    }
}

terminals!([I, O, F, Fut, IS, RS] MapBuilder<I, O, F, Fut, IS, RS> => Vec<O>, where
    I: 'static,
    O: 'static,
    F: Fn(DurableContext, I, usize) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    IS: Serdes<O>,
    RS: Serdes<BatchSummary>,
);
debug_by_place!([I, O, F, Fut, IS, RS] MapBuilder<I, O, F, Fut, IS, RS>, "MapBuilder");

/// Makes a parallel.
#[must_use = "a parallel does nothing until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct ParallelBuilder<O, IS = JsonSerdes, RS = JsonSerdes> {
    place: Place,
    branches: Vec<Branch<O>>,
    settings: Settings<IS, RS>,
}

impl<O> ParallelBuilder<O> {
    pub(crate) fn new(place: Place, branches: Vec<Branch<O>>) -> Self {
        Self { place, branches, settings: Settings::new() }
    }
}

settings!([O, IS, RS] ParallelBuilder<O, IS, RS>);

impl<O, IS, RS> ParallelBuilder<O, IS, RS> {
    /// Sets what a branch's result looks like on the wire; JSON by default.
    pub fn serdes<IS2: Serdes<O>>(self, serdes: IS2) -> ParallelBuilder<O, IS2, RS> {
        let Self { place, branches, settings } = self;
        ParallelBuilder { place, branches, settings: settings.serdes(serdes) }
    }

    /// Sets what the whole result looks like on the wire; JSON by default.
    pub fn result_serdes<RS2: Serdes<BatchSummary>>(self, serdes: RS2) -> ParallelBuilder<O, IS, RS2> {
        let Self { place, branches, settings } = self;
        ParallelBuilder { place, branches, settings: settings.result_serdes(serdes) }
    }
}

impl<O, IS, RS> ParallelBuilder<O, IS, RS>
where
    O: 'static,
    IS: Serdes<O>,
    RS: Serdes<BatchSummary>,
{
    /// Waits for the branches, and returns how each of them ended. Only an operation that could
    /// not be carried out is an error.
    pub async fn await_batch(self) -> Result<BatchResult<O>, OperationError> {
        self.batch().await
    }

    fn start(self) -> DurableFuture<Vec<O>> {
        let batch = self.batch();
        DurableFuture::lazy(async { batch.await?.into_results() })
    }

    /// Claims the operation.
    fn batch(self) -> impl Future<Output = Result<BatchResult<O>, OperationError>> + 'static {
        let Self { place, branches, mut settings } = self;
        let (names, bodies): (Vec<_>, Vec<_>) = branches.into_iter().map(Branch::into_parts).unzip();
        settings.namer = Some(Rc::new(move |index| names[index].clone()));
        let bodies = Bodies::new(bodies, |context, body, _| body(context));
        Batch::claim(place, PARALLEL, settings).run(bodies)
    }
}

terminals!([O, IS, RS] ParallelBuilder<O, IS, RS> => Vec<O>, where
    O: 'static,
    IS: Serdes<O>,
    RS: Serdes<BatchSummary>,
);
debug_by_place!([O, IS, RS] ParallelBuilder<O, IS, RS>, "ParallelBuilder");
