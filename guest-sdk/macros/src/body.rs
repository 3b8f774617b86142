//! Takes the `.await` out of `run(handler).await`.

use std::ops::Range;

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::refusal::Refusal;
use crate::signature::{is_ident, is_punct};

/// The functions that a `main` may await.
const ENTRIES: [&str; 2] = ["run", "run_with_options"];

/// What to write instead of anything else.
const LAST: &str = "write `durable::run(handler).await` as the last line, or `durable::run(handler).await?;` and \
                    `Ok(())` after it";

/// Returns `body` with `run(handler);` and a success at its end for `run(handler).await`.
///
/// All around it stays as it is, for the compiler to judge.
pub(crate) fn without_await(body: Group) -> Result<Group, Refusal> {
    let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let awaited = tokens.iter().position(|token| is_ident(Some(token), "await"));
    let Some(dot) = awaited.and_then(|at| at.checked_sub(1)).filter(|dot| is_run(&tokens, *dot)) else {
        return Err(nothing_run(&body, &tokens));
    };
    if let Some(before) = before_statement(&tokens[..dot - 2]) {
        let message = format!("found `{before}` before `run(handler).await`: its result is for Lambda, {LAST}");
        return Err(Refusal::new(before.span(), message));
    }
    if let Some(second) = first_await(&tokens[..dot]).or_else(|| first_await(&tokens[dot + 2..])) {
        return Err(foreign_await(second));
    }
    let mut rest = tokens.split_off(dot + 2);
    tokens.truncate(dot);
    match rest.as_slice() {
        [] => rest = success(),
        [question, semicolon, ..] if is_punct(Some(question), '?') && is_punct(Some(semicolon), ';') => {
            rest.remove(0);
        }
        [semicolon, ..] if is_punct(Some(semicolon), ';') => {}
        [other, ..] => return Err(not_last(other, &rest)),
    }
    let mut without = Group::new(Delimiter::Brace, tokens.into_iter().chain(rest).collect());
    without.set_span(body.span());
    Ok(without)
}

/// Whether the call of an entry function ends before `dot`.
fn is_run(tokens: &[TokenTree], dot: usize) -> bool {
    let Some(callee) = dot.checked_sub(2) else { return false };
    let is_call = matches!(&tokens[dot - 1], TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
    is_call && ENTRIES.iter().any(|entry| is_ident(tokens.get(callee), entry))
}

/// Returns the token that keeps a path at the end of `tokens` from being a statement of its own, such as `=`.
fn before_statement(tokens: &[TokenTree]) -> Option<&TokenTree> {
    // The path is what precedes the entry's name: `durable` `:` `:`.
    let in_path = |at: usize| {
        let separator = is_punct(tokens.get(at), ':');
        separator || (matches!(tokens[at], TokenTree::Ident(_)) && is_punct(tokens.get(at + 1), ':'))
    };
    let start = (0..tokens.len()).rev().take_while(|at| in_path(*at)).last().unwrap_or(tokens.len());
    let before = &tokens[start.checked_sub(1)?];
    let ends_statement = is_punct(Some(before), ';')
        || matches!(before, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    (!ends_statement).then_some(before)
}

/// Returns where the first `.await` is, at any depth.
fn first_await(tokens: &[TokenTree]) -> Option<Span> {
    tokens.iter().enumerate().find_map(|(at, token)| match token {
        TokenTree::Group(group) => first_await(&group.stream().into_iter().collect::<Vec<_>>()),
        TokenTree::Ident(_) if is_ident(Some(token), "await") && at > 0 && is_punct(tokens.get(at - 1), '.') => {
            Some(token.span())
        }
        _ => None,
    })
}

fn nothing_run(body: &Group, tokens: &[TokenTree]) -> Refusal {
    if let Some(span) = first_await(tokens) {
        return foreign_await(span);
    }
    let call = tokens.iter().position(|token| ENTRIES.iter().any(|entry| is_ident(Some(token), entry)));
    match call {
        Some(call) => Refusal::new(
            tokens[call].span(),
            format!("found `{}` without `.await`: write `durable::run(handler).await`", tokens[call]),
        ),
        None => Refusal::new(
            body.span_close(),
            "`main` does not run a handler: write `durable::run(handler).await` as its last line",
        ),
    }
}

fn foreign_await(span: Span) -> Refusal {
    let message = "`main` awaits `durable::run(handler)` only, found another `.await`: what else a handler awaits \
                   belongs into a step, where its result is recorded";
    Refusal::new(span, message)
}

fn not_last(other: &TokenTree, rest: &[TokenTree]) -> Refusal {
    let found: TokenStream = rest[statement(rest)].iter().cloned().collect();
    Refusal::new(other.span(), format!("found `{found}` after `run(handler).await`: {LAST}"))
}

/// Returns the tokens up to the first semicolon.
fn statement(tokens: &[TokenTree]) -> Range<usize> {
    0..tokens.iter().position(|token| is_punct(Some(token), ';')).unwrap_or(tokens.len())
}

/// Returns `; ::core::result::Result::Ok(())`: `run` itself returns nothing.
fn success() -> Vec<TokenTree> {
    let span = Span::mixed_site();
    let mut tokens: Vec<TokenTree> = vec![Punct::new(';', Spacing::Alone).into()];
    for segment in ["core", "result", "Result", "Ok"] {
        tokens.push(Punct::new(':', Spacing::Joint).into());
        tokens.push(Punct::new(':', Spacing::Alone).into());
        tokens.push(Ident::new(segment, span).into());
    }
    let unit = TokenTree::from(Group::new(Delimiter::Parenthesis, TokenStream::new()));
    tokens.push(Group::new(Delimiter::Parenthesis, unit.into()).into());
    tokens
}
