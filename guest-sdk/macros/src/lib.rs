//! The entry attribute of `durabox-sdk`, which re-exports it as `durabox_sdk::main`.
//!
//! It rewrites tokens and names no crate, so that it works however the SDK is named. It depends on
//! nothing: the shape it takes is small enough to be read token by token.

mod body;
mod refusal;
mod signature;

use proc_macro::TokenStream;

use refusal::Refusal;
use signature::Main;

/// Lets the official entry stand with one word changed: `#[tokio::main]` becomes `#[durable::main]`.
///
/// The function becomes a plain `main`, as durabox runs the handler's future itself: only
/// `run(handler).await` or `run_with_options(handler, options).await` may be awaited in it.
///
/// ```no_run
/// use durabox_sdk as durable;
///
/// async fn handler(name: String, _: durable::DurableContext) -> Result<String, durable::BoxError> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// #[durable::main]
/// async fn main() -> Result<(), durable::lambda_runtime::Error> {
///     durable::lambda_runtime::tracing::init_default_subscriber();
///     durable::run(handler).await
/// }
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item).unwrap_or_else(Refusal::into_tokens)
}

fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream, Refusal> {
    if let Some(first) = arguments.clone().into_iter().next() {
        let message = format!(
            "`#[durable::main]` takes no arguments, found `{arguments}`: there is no tokio to configure in a \
             handler, write `#[durable::main]`"
        );
        return Err(Refusal::new(first.span(), message));
    }
    let Main { head, body } = Main::parse(item)?;
    let body = body::without_await(body)?;
    Ok(head.into_iter().chain([body.into()]).collect())
}
