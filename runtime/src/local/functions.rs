//! What a run's chained invokes call: other handlers, mocks, and what a resolver finds.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use durabox_model::ErrorObject;

use super::FunctionRef;
use crate::artifact::Artifact;

/// A plain function in place of a real one: answers with a result, JSON text, or an error.
pub type Mock = Arc<dyn Fn(&MockCall) -> Result<Option<String>, ErrorObject> + Send + Sync>;

/// A call of a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockCall {
    /// The function, as the invoke named it.
    pub function_name: String,
    /// The input, JSON text.
    pub payload: Option<String>,
    /// The tenant that it is invoked for.
    pub tenant_id: Option<String>,
}

/// Finds handlers that are not registered, such as those of a workspace.
pub trait Resolver: Send + Sync {
    /// Says whether there is a handler of this name. Called while an invocation runs: quick, it
    /// neither builds nor loads.
    fn find(&self, name: &str) -> Result<(), UnknownFunction>;

    /// Builds and loads a handler that was found.
    fn load(&self, name: &str) -> Result<Artifact, Box<dyn Error + Send + Sync>>;
}

/// A function that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownFunction {
    /// As the invoke named it.
    pub asked: String,
    /// The functions that there are.
    pub known: Vec<String>,
}

/// The functions that a run's chained invokes may call.
///
/// A function is registered for a name, or for `name:qualifier`; an invoke that names a qualifier
/// takes the nearer of both. The run's own handler is found by its own name.
#[derive(Clone, Default)]
pub struct Functions {
    registered: BTreeMap<FunctionRef, Function>,
    resolver: Option<Arc<dyn Resolver>>,
}

#[derive(Clone)]
enum Function {
    Handler(Artifact),
    Mock(Mock),
}

/// What an invoke's name leads to.
pub(super) enum Found {
    /// A handler that is loaded.
    Handler(Artifact),
    /// A plain function.
    Mock(Mock),
    /// A handler that the resolver loads.
    Resolved,
    /// Nothing.
    Unknown(UnknownFunction),
}

impl Functions {
    /// Registers a handler; `function` is a name, `name:qualifier` or an ARN.
    pub fn add_handler(&mut self, function: &str, artifact: Artifact) {
        self.registered.insert(FunctionRef::parse(function), Function::Handler(artifact));
    }

    /// Registers a plain function.
    pub fn add_mock(
        &mut self,
        function: &str,
        mock: impl Fn(&MockCall) -> Result<Option<String>, ErrorObject> + Send + Sync + 'static,
    ) {
        self.registered.insert(FunctionRef::parse(function), Function::Mock(Arc::new(mock)));
    }

    /// Registers a plain function that always answers with `result`, JSON text.
    pub fn add_result(&mut self, function: &str, result: impl Into<String>) {
        let result = result.into();
        self.add_mock(function, move |_| Ok(Some(result.clone())));
    }

    /// Registers a plain function that always fails.
    pub fn add_error(&mut self, function: &str, error: ErrorObject) {
        self.add_mock(function, move |_| Err(error.clone()));
    }

    /// Finds the rest.
    pub fn set_resolver(&mut self, resolver: Arc<dyn Resolver>) {
        self.resolver = Some(resolver);
    }

    /// Registers the run's own handler, unless its name is taken.
    pub(super) fn add_own(&mut self, function: &FunctionRef, artifact: &Artifact) {
        self.registered.entry(function.clone()).or_insert_with(|| Function::Handler(artifact.clone()));
    }

    pub(super) fn find(&self, asked: &FunctionRef) -> Found {
        let unqualified = FunctionRef::named(&asked.name);
        match self.registered.get(asked).or_else(|| self.registered.get(&unqualified)) {
            Some(Function::Handler(artifact)) => return Found::Handler(artifact.clone()),
            Some(Function::Mock(mock)) => return Found::Mock(Arc::clone(mock)),
            None => {}
        }
        let mut unknown = match &self.resolver {
            Some(resolver) => match resolver.find(&asked.name) {
                Ok(()) => return Found::Resolved,
                Err(unknown) => unknown,
            },
            None => UnknownFunction::default(),
        };
        unknown.asked = asked.to_string();
        unknown.known.extend(self.registered.keys().map(ToString::to_string));
        unknown.known.sort();
        unknown.known.dedup();
        Found::Unknown(unknown)
    }

    pub(super) fn load(&self, function: &FunctionRef) -> Result<Artifact, Box<dyn Error + Send + Sync>> {
        match &self.resolver {
            Some(resolver) => resolver.load(&function.name),
            None => Err(format!("nothing loads the function `{function}`").into()),
        }
    }
}

impl UnknownFunction {
    /// Returns the error that the invoke fails with, in Lambda's words.
    pub(super) fn error(&self) -> ErrorObject {
        let arn = FunctionRef::parse(&self.asked).arn();
        ErrorObject::new("ResourceNotFoundException", format!("Function not found: {arn}"))
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.registered.keys().map(ToString::to_string)).finish()
    }
}
