extern crate durabox_macros as durabox;

#[durabox::test(handler = "order")]
async fn it_runs() {}

fn main() {}
