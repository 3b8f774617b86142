//! Reads and writes files in a step, and lists the directory; returns what it found.

use std::fs;

use durabox_sdk as durable;

async fn handler(directory: String, ctx: durable::DurableContext) -> Result<(String, Vec<String>), durable::BoxError> {
    let work = |_| async move {
        let text = fs::read_to_string(format!("{directory}/in.txt"))?;
        fs::write(format!("{directory}/out.txt"), text.to_uppercase())?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok((text, names))
    };
    Ok(ctx.step(work).name("work").await?)
}

fn main() {
    durable::run(handler)
}
