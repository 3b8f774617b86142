//! Asks a server in a step and reads the answer between operations.

use std::cell::RefCell;
use std::rc::Rc;

use durabox_sdk as durable;
use durabox_sdk::http::{self, Response};

async fn handler(url: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let carried: Rc<RefCell<Option<Response>>> = Rc::default();
    let kept = Rc::clone(&carried);
    let ask = |_| async move {
        *kept.borrow_mut() = Some(http::get(url).send().await?);
        Ok(())
    };
    ctx.step(ask).name("ask").await?;
    let response = carried.take();
    match response {
        Some(response) => Ok(response.text().await?),
        None => Ok("nothing".to_owned()),
    }
}

fn main() {
    durable::run(handler)
}
