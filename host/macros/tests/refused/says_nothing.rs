use durabox::DurableRunner;

#[durabox::test]
async fn it_runs(runner: DurableRunner) {
    drop(runner);
}

fn main() {}
