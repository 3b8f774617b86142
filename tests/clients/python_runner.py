"""The official Python cloud test runner against components of durabox, and Python and JavaScript handlers."""

import json
import os

from checks import REGION, Judge, arguments

options = arguments()
# The runner makes its client itself, and takes its credentials from where boto3 finds them.
os.environ |= {"AWS_ACCESS_KEY_ID": "judge", "AWS_SECRET_ACCESS_KEY": "judge"}

from aws_durable_execution_sdk_python.execution import InvocationStatus  # noqa: E402
from aws_durable_execution_sdk_python.lambda_service import ErrorObject, OperationStatus  # noqa: E402
from aws_durable_execution_sdk_python_testing.runner import DurableFunctionCloudTestRunner  # noqa: E402

judge = Judge(options.endpoint)


def runner(function):
    return DurableFunctionCloudTestRunner(f"{function}:$LATEST", REGION, options.endpoint, poll_interval=0.1)


def callback(function, answer):
    """Runs a handler that waits for a callback, and answers it."""
    run = runner(function)
    arn = run.run_async(input={})
    answer(run, run.wait_for_callback(arn))
    return run.wait_for_result(arn)


with judge.section("hello_world"):
    result = runner("hello_world").run(input={"name": "Ada"})
    judge.equal("a component succeeds", (result.status, result.result), (InvocationStatus.SUCCEEDED, '"Hello, Ada!"'))
    step = result.get_step("greet")
    judge.equal("its step is seen", (step.status, step.result), (OperationStatus.SUCCEEDED, '"Hello, Ada!"'))

with judge.section("invoke_target_error"):
    result = runner("invoke_target_error").run(input=None)
    judge.equal("a component fails", result.status, InvocationStatus.FAILED)
    judge.equal("with its message", result.error.message, "the target always fails")
    judge.equal("its wait is seen", len(result.operations), 1)

with judge.section("child_3_6"):
    result = runner("child_3_6").run(input="nested")
    judge.equal("contexts succeed", result.status, InvocationStatus.SUCCEEDED)
    nested = [one for one in result.get_all_operations() if one not in result.operations]
    judge.that("operations in contexts are seen", len(nested) > 0, "nested operations", result.operations)

with judge.section("wait_for_callback"):
    result = callback("wait_for_callback", lambda run, id_: run.send_callback_success(id_, b'"Eve"'))
    judge.equal("a callback succeeds", result.result, '"approved by Eve"')
    result = callback(
        "create_callback",
        lambda run, id_: run.send_callback_failure(id_, ErrorObject("not today", "Declined", None, None)),
    )
    judge.equal("a callback fails", (result.status, result.error.type), (InvocationStatus.FAILED, "Declined"))

    def beats(run, id_):
        run.send_callback_heartbeat(id_)
        run.send_callback_success(id_, b"7")

    judge.equal("a callback lives on", callback("callback_heartbeat", beats).result, '"7 bytes"')

for language, title in {"python": "Python", "javascript": "JavaScript"}.items():
    with judge.section(f"{title} handlers"):
        result = runner(f"{language}-everything").run(input={"name": "ada"})
        expected = {"greeting": "Hello, Ada!", "attempts": 2, "squares": [1, 4, 9]}
        judge.equal(f"{title}: step, retry, wait, map and invoke", json.loads(result.result or "null"), expected)
        names = [operation.name for operation in result.operations]
        judge.equal(f"{title}: operations in order", names, ["title", "flaky", "pause", "squares", "greet"])
        squares = sorted(one.name for one in result.get_all_operations() if (one.name or "").startswith("square "))
        judge.equal(f"{title}: steps of the map", squares, ["square 1", "square 2", "square 3"])
        result = callback(f"{language}-approval", lambda run, id_: run.send_callback_success(id_, b"Eve"))
        judge.equal(f"{title}: callback", result.result, '"approved by Eve"')
        result = callback(
            f"{language}-approval",
            lambda run, id_: run.send_callback_failure(id_, ErrorObject("not today", "Declined", None, None)),
        )
        judge.equal(f"{title}: callback that fails", result.status, InvocationStatus.FAILED)
        result = runner(f"{language}-fails").run(input={})
        judge.equal(
            f"{title}: failure", (result.status, result.error.message), (InvocationStatus.FAILED, "the order is bad")
        )

with judge.section("what the SDK sends and is told"):
    result = runner("python-full-batches").run(input={})
    expected = (InvocationStatus.SUCCEEDED, "500")
    judge.equal("checkpoints that the SDK fills are taken", (result.status, result.result), expected)

    run = runner("python-told-meanwhile")
    arn = run.run_async(input={})
    judge.equal("a wait ends beside a step", run.wait_for_result(arn).status, InvocationStatus.SUCCEEDED)
    invocations = [event["EventType"] for event in judge.history(arn)].count("InvocationCompleted")
    judge.equal("what the function has been told earns no invocation", invocations, 2)

    run = runner("python-slow")
    arn = run.run_async(input={})
    judge.event(arn, "StepStarted")
    judge.lambda_.pause_durable_execution(DurableExecutionArn=arn)
    judge.status(arn, "PAUSED")
    ended = judge.event(arn, "InvocationCompleted")["InvocationCompletedDetails"]
    judge.equal("the SDK takes a pause for no error", ended.get("Error", {}).get("Payload"), None)
    judge.lambda_.resume_durable_execution(DurableExecutionArn=arn)
    judge.equal("it goes on", run.wait_for_result(arn).result, '"done"')
    ends = [event["Name"] for event in judge.history(arn) if event["EventType"] == "StepSucceeded"]
    judge.equal("nothing is done twice", ends, ["first", "second"])

judge.finish()
