extern crate durabox_macros as durabox;

struct DurableRunner;

#[durabox::test(handler = "order")]
async fn it_runs(runner: DurableRunner, amount: u32) {
    drop((runner, amount));
}

fn main() {}
