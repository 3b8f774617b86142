//! Reads `async fn main() -> Result<…> { … }`.

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::refusal::Refusal;

const WANTED: &str = "write `async fn main() -> Result<(), durable::lambda_runtime::Error>`";

/// A function taken apart.
pub(crate) struct Main {
    /// Everything before the body, without `async`.
    pub(crate) head: Vec<TokenTree>,
    pub(crate) body: Group,
}

impl Main {
    /// Takes a function apart. Refuses all but an async `main` that takes nothing and returns something.
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Refusal> {
        let mut head: Vec<TokenTree> = item.into_iter().collect();
        let start = skip_attributes_and_visibility(&head);
        check_signature(&head, start)?;
        match head.pop() {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                head.remove(start);
                Ok(Self { head, body })
            }
            other => {
                let span = other.as_ref().map_or_else(Span::call_site, TokenTree::span);
                Err(Refusal::new(span, "expected a body in braces after the signature of `main`"))
            }
        }
    }
}

/// Returns where `async` must be.
fn skip_attributes_and_visibility(tokens: &[TokenTree]) -> usize {
    let mut at = 0;
    while is_punct(tokens.get(at), '#') {
        at += 2;
    }
    if is_ident(tokens.get(at), "pub") {
        at += 1;
        let restricted = matches!(tokens.get(at), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
        at += usize::from(restricted);
    }
    at
}

fn check_signature(tokens: &[TokenTree], start: usize) -> Result<(), Refusal> {
    let span = |at: usize| tokens.get(at).map_or_else(Span::call_site, TokenTree::span);
    let found = |at: usize| tokens.get(at).map_or_else(|| "nothing".to_owned(), |token| format!("`{token}`"));

    if is_ident(tokens.get(start), "fn") {
        let message = format!("`{}` is not async: {WANTED}, or leave `#[durable::main]` out", name(tokens, start + 1));
        return Err(Refusal::new(span(start), message));
    }
    if !is_ident(tokens.get(start), "async") || !is_ident(tokens.get(start + 1), "fn") {
        let message = format!("`#[durable::main]` goes before `async fn main`, found {}: {WANTED}", found(start));
        return Err(Refusal::new(span(start), message));
    }
    if !is_ident(tokens.get(start + 2), "main") {
        let message = format!(
            "`#[durable::main]` goes before `async fn main`, found `async fn {}`: a handler needs no attribute, \
             `main` passes it to `durable::run`",
            name(tokens, start + 2)
        );
        return Err(Refusal::new(span(start + 2), message));
    }
    match tokens.get(start + 3) {
        Some(TokenTree::Group(parameters)) if parameters.stream().is_empty() => {}
        Some(TokenTree::Group(parameters)) => {
            let message = format!(
                "`main` takes no parameters, found `{parameters}`: event and context are the handler's, {WANTED}"
            );
            return Err(Refusal::new(parameters.span(), message));
        }
        _ => {
            let message = format!("expected `()` after `main`, found {}: {WANTED}", found(start + 3));
            return Err(Refusal::new(span(start + 3), message));
        }
    }
    if !is_punct(tokens.get(start + 4), '-') {
        return Err(Refusal::new(span(start + 2), format!("`main` returns nothing, but `run` a Result: {WANTED}")));
    }
    Ok(())
}

fn name(tokens: &[TokenTree], at: usize) -> String {
    tokens.get(at).map_or_else(|| "main".to_owned(), ToString::to_string)
}

pub(crate) fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident.to_string() == name)
}

pub(crate) fn is_punct(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == punct)
}
