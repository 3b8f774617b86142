//! Opens a file in a step, and reads or writes it between operations.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Write};
use std::rc::Rc;

use durabox_sdk as durable;

async fn handler((path, write): (String, bool), ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let carried: Rc<RefCell<Option<File>>> = Rc::default();
    let kept = Rc::clone(&carried);
    let open = move |_| async move {
        let mut file = File::options().read(true).write(write).open(path)?;
        // A stream of the file is open from here.
        file.read_exact(&mut [0])?;
        *kept.borrow_mut() = Some(file);
        Ok(())
    };
    ctx.step(open).name("open").await?;
    let Some(mut file) = carried.take() else { return Ok("nothing".to_owned()) };
    let mut text = String::new();
    let done = if write { file.write_all(b"x") } else { file.read_to_string(&mut text).map(|_| ()) };
    Ok(done.map_or_else(|error| format!("swallowed: {error}"), |()| text))
}

fn main() {
    durable::run(handler)
}
