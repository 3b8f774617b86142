use insta::assert_snapshot;

use crate::script::run;

#[test]
fn the_execution_each_operation_and_each_retry_are_metered() {
    assert_snapshot!(run(
        "meter | checkpoint start STEP a, succeed STEP a 1 | meter | checkpoint start STEP b, retry STEP b 1s | meter | suspend | next | checkpoint start STEP b, succeed STEP b 22 | meter"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → metered: 1 operations, 2 bytes
  0s  StepStarted a
  0s  StepSucceeded a attempt 1
  0s  → told: a SUCCEEDED
  0s  → metered: 2 operations, 3 bytes
  0s  StepStarted b
  0s  StepFailed b attempt 1, next in 1s
  0s  → told: b PENDING
  0s  → metered: 4 operations, 10 bytes
  0s  InvocationCompleted
  1s  → Invoke #2 with 3 operations for b
  1s  StepStarted b
  1s  StepSucceeded b attempt 2
  1s  → told: b SUCCEEDED
  1s  → metered: 4 operations, 12 bytes
");
}

#[test]
fn a_wait_for_condition_is_metered_by_its_polls() {
    assert_snapshot!(run(
        "checkpoint start STEP p, continue STEP p 1s 1 | suspend | next | checkpoint start STEP p, continue STEP p 1s 2 | suspend | next | checkpoint start STEP p, succeed STEP p 3 | meter"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  StepStarted p
  0s  StepSucceeded p attempt 1, next in 1s
  0s  → told: p PENDING
  0s  InvocationCompleted
  1s  → Invoke #2 with 2 operations for p
  1s  StepStarted p
  1s  StepSucceeded p attempt 2, next in 1s
  1s  → told: p PENDING
  1s  InvocationCompleted
  2s  → Invoke #3 with 2 operations for p
  2s  StepStarted p
  2s  StepSucceeded p attempt 3
  2s  → told: p SUCCEEDED
  2s  → metered: 4 operations, 5 bytes
");
}

#[test]
fn a_wait_for_callback_is_metered_as_three_operations() {
    assert_snapshot!(run(
        "checkpoint start CONTEXT w, start CALLBACK c in w, start STEP s in w, succeed STEP s null in w | suspend | succeed-callback c \"yes\" | checkpoint succeed CONTEXT w \"yes\" | meter | return \"yes\" | meter"
    ), @r#"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ContextStarted w
  0s  CallbackStarted c
  0s  StepStarted s
  0s  StepSucceeded s attempt 1
  0s  → told: w STARTED, c STARTED, s SUCCEEDED
  0s  InvocationCompleted
  0s  CallbackSucceeded c "yes"
  0s  → Invoke #2 with 4 operations for c
  0s  ContextSucceeded w
  0s  → told: w SUCCEEDED
  0s  → metered: 4 operations, 16 bytes
  0s  InvocationCompleted
  0s  ExecutionSucceeded  "yes"
  0s  → closed: SUCCEEDED
  0s  → metered: 4 operations, 21 bytes
"#);
}

#[test]
fn a_chained_invoke_is_metered_with_its_input_and_its_result() {
    assert_snapshot!(run(
        "checkpoint start CHAINED_INVOKE i function=f 1234 | meter | suspend | complete i 12345678 | meter | throw x | meter"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with 1234
  0s  → metered: 2 operations, 6 bytes
  0s  InvocationCompleted
  0s  ChainedInvokeSucceeded i 12345678
  0s  → Invoke #2 with 2 operations for i
  0s  → metered: 2 operations, 14 bytes
  0s  InvocationCompleted
  0s  ExecutionFailed  x
  0s  → closed: FAILED
  0s  → metered: 2 operations, 21 bytes
");
}

#[test]
fn a_crash_that_is_retried_is_metered_with_its_error() {
    assert_snapshot!(run("crash | meter | return 1 | meter"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  InvocationCompleted  crashed
  0s  → Invoke #2 with 1 operations
  0s  → metered: 2 operations, 32 bytes
  0s  InvocationCompleted
  0s  ExecutionSucceeded  1
  0s  → closed: SUCCEEDED
  0s  → metered: 2 operations, 33 bytes
");
}

#[test]
fn a_rejected_or_empty_checkpoint_is_not_metered() {
    assert_snapshot!(run("checkpoint | checkpoint start STEP a, start WAIT w 0s | meter"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → told:
  0s  → rejected: WaitSeconds must be 1 to 31622400 seconds, got 0
  0s  → metered: 1 operations, 2 bytes
");
}
