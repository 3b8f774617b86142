extern crate durabox_macros as durabox;

struct DurableRunner;

#[durabox::test(handler = "order", handler = "refund")]
async fn it_runs(runner: DurableRunner) {
    drop(runner);
}

fn main() {}
