#[durabox::test(handler = "order")]
async fn it_runs(runner: String) {
    drop(runner);
}

fn main() {}
