//! Carries a child context out of its body, and asks for an operation on it once the context has ended.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let carried = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&carried);
    let body = |child: durable::DurableContext| async move {
        kept.replace(Some(child));
        Ok(())
    };
    ctx.run_in_child_context(body).name("short").await?;
    let child = carried.take().ok_or("the body ran")?;
    Ok(child.wait(Duration::from_secs(1)).name("late").await?)
}

fn main() {
    durable::run(handler)
}
