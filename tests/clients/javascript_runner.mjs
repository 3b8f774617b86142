// The official JavaScript cloud test runner against components of durabox, and Python and JavaScript handlers.
//
// Checks print as those of checks.py do, and the exit status counts.

import { isDeepStrictEqual } from "node:util";
import { parseArgs } from "node:util";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { CloudDurableTestRunner, WaitingOperationStatus } from "@aws/durable-execution-sdk-js-testing";

const { values } = parseArgs({ options: { endpoint: { type: "string" } } });
const client = new LambdaClient({
  endpoint: values.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "judge", secretAccessKey: "judge" },
  maxAttempts: 1,
});

const counts = { passed: 0, failed: 0 };

function equal(name, got, expected) {
  const ok = isDeepStrictEqual(got, expected);
  counts[ok ? "passed" : "failed"] += 1;
  console.log(ok ? `ok ${name}` : `FAIL ${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}

// Runs checks that build on each other: an exception fails the section, and the next one goes on.
async function section(name, body) {
  try {
    await body();
  } catch (problem) {
    counts.failed += 1;
    const place = problem.stack?.split("\n").find((line) => line.includes("javascript_runner.mjs"))?.trim() ?? "";
    console.log(`FAIL ${name}: expected no exception, got ${problem} ${place}`);
  }
}

const runner = (name, invocationType = "RequestResponse") =>
  new CloudDurableTestRunner({
    functionName: `${name}:$LATEST`,
    client,
    config: { pollInterval: 100, invocationType },
  });

// Runs a handler that waits for a callback, and answers it once it is open. Of a waitForCallback the runner says so with
// SUBMITTED; of a callback by itself that would be its end.
async function callback(name, operation, answer, status = WaitingOperationStatus.STARTED) {
  const run = runner(name, "Event");
  const running = run.run({ payload: {} });
  const open = await run.getOperation(operation).waitForData(status);
  await answer(open);
  return running;
}

await section("hello_world", async () => {
  const run = runner("hello_world");
  const result = await run.run({ payload: { name: "Ada" } });
  equal("a component succeeds", [result.getStatus(), result.getResult()], ["SUCCEEDED", "Hello, Ada!"]);
  const step = run.getOperation("greet");
  equal("its step is seen", [step.getStatus(), step.getStepDetails().result], ["SUCCEEDED", "Hello, Ada!"]);
  equal("its invocations are counted", result.getInvocations().length, 1);
});

await section("invoke_target_error", async () => {
  const result = await runner("invoke_target_error").run();
  equal("a component fails", result.getStatus(), "FAILED");
  equal("with its message", result.getError().errorMessage, "the target always fails");
  equal("after a wait", result.getInvocations().length, 2);
});

await section("callbacks of components", async () => {
  let result = await callback("wait_for_callback", "approval", (open) => open.sendCallbackSuccess('"Eve"'), WaitingOperationStatus.SUBMITTED);
  equal("a callback succeeds", result.getResult(), "approved by Eve");
  result = await callback("create_callback", "approval", (open) =>
    open.sendCallbackFailure({ ErrorType: "Declined", ErrorMessage: "not today" }),
  );
  equal("a callback fails", [result.getStatus(), result.getError().errorType], ["FAILED", "Declined"]);
  result = await callback("callback_heartbeat", "upload", async (open) => {
    await open.sendCallbackHeartbeat();
    await open.sendCallbackSuccess("7");
  });
  equal("a callback lives on", result.getResult(), "7 bytes");
});

for (const language of ["python", "javascript"]) {
  await section(`${language} handlers`, async () => {
    const run = runner(`${language}-everything`);
    let result = await run.run({ payload: { name: "ada" } });
    const expected = { greeting: "Hello, Ada!", attempts: 2, squares: [1, 4, 9] };
    equal(`${language}: step, retry, wait, map and invoke`, result.getResult(), expected);
    const invoke = run.getOperation("greet");
    // The runner keeps no result of an invoke that it reads in a history.
    equal(`${language}: the invoke is seen`, [invoke.getType(), invoke.getStatus()], ["CHAINED_INVOKE", "SUCCEEDED"]);
    equal(`${language}: the wait is seen`, run.getOperation("pause").getWaitDetails().waitSeconds, 1);
    equal(`${language}: the map is seen`, run.getOperation("squares").getChildOperations().length, 3);
    result = await callback(`${language}-approval`, "approval", (open) => open.sendCallbackSuccess("Eve"));
    equal(`${language}: callback`, result.getResult(), "approved by Eve");
    result = await runner(`${language}-fails`).run({ payload: {} });
    equal(`${language}: failure`, [result.getStatus(), result.getError().errorMessage], ["FAILED", "the order is bad"]);
  });
}

console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed || !counts.passed ? 1 : 0);
