//! One step asks a server, another sleeps an hour; returns who was done first, and the time slept.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use durabox_sdk as durable;
use durabox_sdk::{http, io};
use futures_util::join;

async fn handler(url: String, ctx: durable::DurableContext) -> Result<(Vec<String>, u64), durable::BoxError> {
    let done: Rc<RefCell<Vec<String>>> = Rc::default();
    let (asked, slept) = (Rc::clone(&done), Rc::clone(&done));
    let (asked, slept) = join!(
        ctx.step(move |_| async move {
            let text = http::get(url).send().await?.text().await?;
            asked.borrow_mut().push(text);
            Ok(())
        })
        .name("ask")
        .future(),
        ctx.step(move |_| async move {
            let start = Instant::now();
            io::sleep(Duration::from_secs(3600)).await;
            slept.borrow_mut().push("slept".into());
            Ok(start.elapsed().as_secs())
        })
        .name("sleep")
        .future(),
    );
    asked?;
    let slept = slept?;
    let done = done.take();
    Ok((ctx.step(move |_| async { Ok(done) }).name("order").await?, slept))
}

fn main() {
    durable::run(handler)
}
