use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A message at the place it is about.
#[derive(Debug)]
pub(crate) struct Refusal {
    span: Span,
    message: String,
}

impl Refusal {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    /// Returns `compile_error!("…");` and a `main`, so that rustc does not also miss one.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let mut message = Literal::string(&self.message);
        message.set_span(self.span);
        let mut argument = Group::new(Delimiter::Parenthesis, TokenTree::from(message).into());
        argument.set_span(self.span);
        let mut tokens: Vec<TokenTree> = vec![
            Ident::new("compile_error", self.span).into(),
            Punct::new('!', Spacing::Alone).into(),
            argument.into(),
            Punct::new(';', Spacing::Alone).into(),
            Ident::new("fn", self.span).into(),
            Ident::new("main", self.span).into(),
            Group::new(Delimiter::Parenthesis, TokenStream::new()).into(),
            Group::new(Delimiter::Brace, TokenStream::new()).into(),
        ];
        for token in &mut tokens {
            token.set_span(self.span);
        }
        tokens.into_iter().collect()
    }
}
