//! The test attribute of `durabox`, which re-exports it as `durabox::test`.
//!
//! It reads the attribute's arguments and the signature, and hands both to `durabox::harness`, which
//! decides where the test runs. Nothing is decided here.

mod arguments;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn, ReturnType, parse_macro_input};

use arguments::Arguments;

/// Makes an async function a test that runs locally or in the cloud.
///
/// ```text
/// use std::time::Duration;
/// use durabox::{DurableRunner, ExecutionStatus};
///
/// #[durabox::test(handler = "hello_world", lambda_function_name = "hello world")]
/// async fn says_hello(runner: DurableRunner) {
///     let result = runner.run("test").timeout(Duration::from_secs(10)).await?;
///     assert_eq!(result.status(), ExecutionStatus::Succeeded);
///     assert_eq!(result.output::<String>()?, "Hello World!");
/// }
/// ```
///
/// * `handler`: the handler in this workspace, which local mode builds and runs.
/// * `lambda_function_name`: what the function is called in `LAMBDA_FUNCTION_TEST_NAME`, which cloud mode needs.
/// * `requires = "cloud"`: it is skipped in local mode.
///
/// The parameter says what the test uses: a `DurableRunner` has what both modes have; a `LocalRunner`
/// has more, and its tests are skipped in cloud mode; a `CloudRunner` is the cloud's alone. Errors
/// may be passed on with `?`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    expand(&arguments, function).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn expand(arguments: &Arguments, function: ItemFn) -> Result<Tokens, Error> {
    let ItemFn { attrs, vis, sig, block } = function;
    if sig.asyncness.is_none() {
        let message = format!("a durabox test awaits its runner: write `async fn {}`", sig.ident);
        return Err(Error::new(sig.fn_token.span, message));
    }
    if let Some(generics) = sig.generics.params.first() {
        return Err(Error::new(generics.span(), "a test has no generic parameters: nobody would choose them"));
    }
    if sig.inputs.len() != 1 {
        let message = format!(
            "a durabox test takes its runner and nothing else: write `async fn {}(runner: DurableRunner)`, or \
             `LocalRunner` for what only local mode has",
            sig.ident
        );
        let span = sig.inputs.iter().nth(1).map_or(sig.ident.span(), Spanned::span);
        return Err(Error::new(span, message));
    }
    let body = match &sig.output {
        // Without a return type the test fails by a panic or an error that is passed on.
        ReturnType::Default => quote! {{
            let () = #block;
            ::core::result::Result::<(), ::durabox::harness::Failure>::Ok(())
        }},
        ReturnType::Type(..) => quote!(#block),
    };
    let output = match &sig.output {
        ReturnType::Default => quote!(-> ::core::result::Result<(), ::durabox::harness::Failure>),
        given @ ReturnType::Type(..) => quote!(#given),
    };
    let (name, inputs) = (&sig.ident, &sig.inputs);
    let text = name.to_string();
    let case = arguments.case(&text);
    // The call carries the test's own place, so that a runner of another type is reported there.
    let call = quote_spanned!(inputs.span()=> ::durabox::harness::run(&CASE, #name));
    Ok(quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis fn #name() {
            #[allow(clippy::unused_unit, clippy::let_unit_value)]
            async fn #name(#inputs) #output #body
            const CASE: ::durabox::harness::Case = #case;
            #call
        }
    })
}
