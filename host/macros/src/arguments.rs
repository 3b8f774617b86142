//! The attribute's arguments: `name = "text"`, each at most once.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Token};

const KNOWN: &str = "`handler`, `lambda_function_name` or `requires`";

/// What the attribute was given.
#[derive(Default)]
pub struct Arguments {
    handler: Option<LitStr>,
    lambda_function_name: Option<LitStr>,
    requires: Option<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse().map_err(|error| {
                Error::new(error.span(), format!("expected {KNOWN}, such as `handler = \"order\"`"))
            })?;
            let slot = match name.to_string().as_str() {
                "handler" => &mut arguments.handler,
                "lambda_function_name" => &mut arguments.lambda_function_name,
                "requires" => &mut arguments.requires,
                other => return Err(Error::new(name.span(), format!("expected {KNOWN}, found `{other}`"))),
            };
            input
                .parse::<Token![=]>()
                .and_then(|_| input.parse::<LitStr>())
                .map_err(|error| Error::new(error.span(), format!("`{name}` takes a text: `{name} = \"…\"`")))
                .and_then(|text| match slot.replace(text) {
                    None => Ok(()),
                    Some(_) => Err(Error::new(name.span(), format!("`{name}` is given twice"))),
                })?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.check(input)?;
        Ok(arguments)
    }
}

impl Arguments {
    fn check(&self, input: ParseStream<'_>) -> Result<(), Error> {
        if let Some(requires) = &self.requires
            && requires.value() != "cloud"
        {
            let message = format!(
                "only `requires = \"cloud\"` is known, found {:?}: a test that needs local mode takes a `LocalRunner`",
                requires.value()
            );
            return Err(Error::new(requires.span(), message));
        }
        if self.handler.is_none() && self.lambda_function_name.is_none() {
            return Err(input.error(
                "a durabox test says what it runs: write `handler = \"…\"` for local mode, \
                 `lambda_function_name = \"…\"` for cloud mode, or both",
            ));
        }
        Ok(())
    }

    /// Returns the case that the harness decides about.
    pub fn case(&self, name: &str) -> TokenStream {
        let (handler, function) = (option(self.handler.as_ref()), option(self.lambda_function_name.as_ref()));
        let requires_cloud = self.requires.is_some();
        quote! {
            ::durabox::harness::Case {
                package: ::core::env!("CARGO_PKG_NAME"),
                module: ::core::module_path!(),
                name: #name,
                handler: #handler,
                lambda_function_name: #function,
                requires_cloud: #requires_cloud,
            }
        }
    }
}

fn option(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => {
            let text = text.to_token_stream();
            quote!(::core::option::Option::Some(#text))
        }
        None => quote!(::core::option::Option::None),
    }
}
