#[durabox::test(handler = "order")]
async fn it_runs() {}

fn main() {}
