//! Two steps ask at once, and a third branch works on meanwhile; returns who was done when.

use std::cell::RefCell;
use std::rc::Rc;

use durabox_sdk as durable;
use durabox_sdk::http;
use futures_util::join;

async fn handler(base: String, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let done = Rc::new(RefCell::new(Vec::new()));
    let ask = |path: &'static str| {
        let url = format!("{base}{path}");
        ctx.step(move |_| async move { Ok(http::get(url).send().await?.text().await?) }).name(path).future()
    };
    let (first, second) = (ask("/first"), ask("/second"));
    let note = |what: String| done.borrow_mut().push(what);
    let (first, second, third) = join!(
        async { first.await.map(note) },
        async { second.await.map(note) },
        ctx.run_in_child_context(|child| async move {
            child.step(|_| async { Ok(()) }).name("one").await?;
            child.step(|_| async { Ok(()) }).name("two").await?;
            Ok(())
        })
        .name("work")
        .future(),
    );
    first.and(second).and(third)?;
    let done = done.take();
    ctx.step(move |_| async { Ok(done) }).name("order").await.map_err(Into::into)
}

fn main() {
    durable::run(handler)
}
