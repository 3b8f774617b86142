"""The AWS CLI from invoke to stop; it is the `aws` beside the Python that runs this."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from checks import REGION, Judge, arguments

options = arguments()
judge = Judge(options.endpoint)

AWS = pathlib.Path(sys.executable).with_name("aws")
ENVIRONMENT = os.environ | {
    "AWS_ENDPOINT_URL_LAMBDA": options.endpoint,
    "AWS_ACCESS_KEY_ID": "judge",
    "AWS_SECRET_ACCESS_KEY": "judge",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
HELLO = ["ExecutionStarted", "StepStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded"]


def run(*arguments):
    command = [str(AWS), "lambda", *arguments, "--output", "json"]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)


def aws(*arguments):
    """Runs `aws lambda ...` and returns what it prints."""
    done = run(*arguments)
    if done.returncode:
        raise RuntimeError(f"aws lambda {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout or "{}")


def invoke(function, payload, *more):
    """Returns what the CLI prints of an invoke, and the payload that it wrote to a file."""
    with tempfile.NamedTemporaryFile() as file:
        answer = aws(
            "invoke",
            "--function-name",
            function,
            "--qualifier",
            "$LATEST",
            "--payload",
            json.dumps(payload),
            *more,
            file.name,
        )
        return answer, pathlib.Path(file.name).read_text()


def start(function):
    answer, _ = invoke(function, {}, "--invocation-type", "Event")
    return answer["DurableExecutionArn"]


def describe(arn):
    return aws("get-durable-execution", "--durable-execution-arn", arn)


def events(arn, *more):
    return aws("get-durable-execution-history", "--durable-execution-arn", arn, *more)["Events"]


def open_callback(function):
    """Starts a handler that waits for a callback; returns the execution's ARN and the callback's id."""
    arn = start(function)

    def find():
        started = [event for event in events(arn) if event["EventType"] == "CallbackStarted"]
        return started[0]["CallbackStartedDetails"]["CallbackId"] if started else None

    return arn, judge.until("the callback", find)


with judge.section("invoke"):
    answer, payload = invoke("hello_world", {"name": "Ada"}, "--durable-execution-name", f"cli-{os.getpid()}")
    judge.has("invoke", answer, {"StatusCode": 200, "ExecutedVersion": "$LATEST"})
    judge.equal("invoke writes the result", payload, '"Hello, Ada!"')
    arn = answer["DurableExecutionArn"]
    answer, payload = invoke("invoke_target_error", None)
    judge.has("invoke of a handler that fails", answer, {"StatusCode": 200, "FunctionError": "Unhandled"})
    judge.has("invoke writes the error", json.loads(payload), {"errorMessage": "the target always fails"})
    done = run("invoke", "--function-name", "no_such", os.devnull)
    judge.that("an error has its name", "(ResourceNotFoundException)" in done.stderr, "its name", done.stderr)

with judge.section("get-durable-execution"):
    judge.has(
        "get-durable-execution",
        describe(arn),
        {"Status": "SUCCEEDED", "Result": '"Hello, Ada!"', "DurableExecutionName": f"cli-{os.getpid()}"},
    )

with judge.section("get-durable-execution-history"):
    judge.equal("history", [event["EventType"] for event in events(arn)], HELLO)
    judge.equal("history in pages", [event["EventType"] for event in events(arn, "--page-size", "2")], HELLO)
    judge.equal("history in reverse", [event["EventType"] for event in events(arn, "--reverse-order")], HELLO[::-1])
    bare = events(arn, "--no-include-execution-data")
    judge.equal("history without data", bare[-1]["ExecutionSucceededDetails"]["Result"].get("Payload"), None)

with judge.section("list-durable-executions-by-function"):
    listed = aws(
        *("list-durable-executions-by-function", "--function-name", "hello_world"),
        *("--durable-execution-name", f"cli-{os.getpid()}", "--statuses", "SUCCEEDED", "FAILED"),
    )
    judge.equal("list", [one["DurableExecutionArn"] for one in listed["DurableExecutions"]], [arn])
    listed = aws(
        *("list-durable-executions-by-function", "--function-name", "hello_world"),
        *("--durable-execution-name", f"cli-{os.getpid()}", "--started-before", "2020-01-01T00:00:00Z"),
    )
    judge.equal("list of another time", listed["DurableExecutions"], [])

with judge.section("send-durable-execution-callback-success"):
    arn, callback = open_callback("callback_heartbeat")
    aws("send-durable-execution-callback-heartbeat", "--callback-id", callback)
    judge.equal("heartbeat", describe(arn)["Status"], "RUNNING")
    aws("send-durable-execution-callback-success", "--callback-id", callback, "--result", "42")
    judge.equal("success", judge.ended(arn).get("Result"), '"42 bytes"')
    done = run("send-durable-execution-callback-success", "--callback-id", callback, "--result", "42")
    judge.that("a late one is refused", "(CallbackTimeoutException)" in done.stderr, "its name", done.stderr)

with judge.section("send-durable-execution-callback-failure"):
    arn, callback = open_callback("create_callback")
    error = {"ErrorType": "Declined", "ErrorMessage": "not today"}
    aws("send-durable-execution-callback-failure", "--callback-id", callback, "--error", json.dumps(error))
    judge.has("failure", judge.ended(arn).get("Error", {}), {"ErrorType": "Declined"})

with judge.section("stop-durable-execution"):
    arn, _ = open_callback("create_callback")
    error = {"ErrorType": "Cancelled", "ErrorMessage": "by hand"}
    stopped = aws("stop-durable-execution", "--durable-execution-arn", arn, "--error", json.dumps(error))
    judge.that("stop tells its time", "StopTimestamp" in stopped, "StopTimestamp", stopped)
    judge.has("stop", describe(arn), {"Status": "STOPPED", "Error": error})

judge.finish()
