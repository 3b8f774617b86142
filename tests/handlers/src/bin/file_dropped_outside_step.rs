//! Opens a file in a step and lets go of it between operations, which is no use of it.

use std::cell::RefCell;
use std::fs::File;
use std::rc::Rc;

use durabox_sdk as durable;

async fn handler(path: String, ctx: durable::DurableContext) -> Result<bool, durable::BoxError> {
    let carried: Rc<RefCell<Option<File>>> = Rc::default();
    let kept = Rc::clone(&carried);
    let open = move |_| async move {
        *kept.borrow_mut() = Some(File::open(path)?);
        Ok(true)
    };
    let opened = ctx.step(open).name("open").await?;
    drop(carried);
    Ok(opened)
}

fn main() {
    durable::run(handler)
}
