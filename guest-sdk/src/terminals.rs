//! What every builder ends in: `.await`, `.future()` and `.spawn()`.

/// Gives a builder its terminals, on top of its own `start(self) -> DurableFuture<Output>`, which
/// claims the operation, and its field `place`.
macro_rules! terminals {
    ([$($generics:tt)*] $builder:ty => $output:ty, where $($bounds:tt)*) => {
        impl<$($generics)*> $builder where $($bounds)* {
            /// Claims the operation; it starts when the future is first polled.
            pub fn future(self) -> $crate::future::DurableFuture<$output> {
                self.start()
            }

            /// Starts the operation in a task of its own, which is aborted when the future is dropped.
            pub fn spawn(self) -> $crate::future::DurableFuture<$output> {
                let place = self.place.clone();
                self.start().spawned(place)
            }
        }

        impl<$($generics)*> std::future::IntoFuture for $builder where $($bounds)* {
            type Output = Result<$output, $crate::error::OperationError>;
            type IntoFuture = $crate::future::DurableFuture<$output>;

            fn into_future(self) -> Self::IntoFuture {
                self.start()
            }
        }
    };
}

/// Shows a builder by its place.
macro_rules! debug_by_place {
    ([$($generics:tt)*] $builder:ty, $name:literal) => {
        impl<$($generics)*> std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct($name).field("place", &self.place).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use {debug_by_place, terminals};
