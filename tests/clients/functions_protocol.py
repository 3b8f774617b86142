"""A function without an SDK, run by the official runtime client, through the invocation contract.

What it finds out about checkpoints and the state it tells in its result; how its answers and its failures
are taken is judged here.
"""

import json

from checks import Judge, arguments

judge = Judge(arguments().endpoint)
lambda_ = judge.lambda_


def invoke(mode, function="protocol", **request):
    """Runs the function in a mode; returns the execution and its events."""
    payload = json.dumps({"mode": mode, **request})
    answer = lambda_.invoke(FunctionName=function, Qualifier="$LATEST", Payload=payload)
    arn = answer["DurableExecutionArn"]
    return lambda_.get_durable_execution(DurableExecutionArn=arn), judge.history(arn)


def completions(events):
    """Returns the error types of the invocations, None for those that went well."""
    details = [event["InvocationCompletedDetails"] for event in events if event["EventType"] == "InvocationCompleted"]
    return [one.get("Error", {}).get("Payload", {}).get("ErrorType") for one in details]


with judge.section("Checkpoints and state"):
    execution, events = invoke("protocol")
    judge.equal("the function comes to its end", execution["Status"], "SUCCEEDED")
    for name, expected, got in json.loads(execution.get("Result", "[]")):
        judge.equal(name, got, expected)

with judge.section("Answers that are none"):
    for name, answer, message in [
        (
            "a success has no error",
            {"Status": "SUCCEEDED", "Error": {"ErrorMessage": "no"}},
            "Cannot provide an Error for SUCCEEDED status.",
        ),
        ("a failure has no result", {"Status": "FAILED", "Result": "1"}, "Cannot provide a Result for FAILED status."),
        ("a status is one of three", {"Status": "DONE"}, "Invalid Status in invocation output."),
        ("a status must be there", {}, "Invalid Status in invocation output."),
        ("an answer is an object", "a text", "Invalid Status in invocation output."),
        ("null is no answer", None, "Invalid Status in invocation output."),
    ]:
        execution, events = invoke("return", answer=answer)
        judge.has(
            name,
            {"Status": execution["Status"], **execution.get("Error", {})},
            {"Status": "FAILED", "ErrorType": "InvalidParameterValueException", "ErrorMessage": message},
        )
        judge.equal(f"{name}: it is not tried again", len(completions(events)), 1)
    execution, events = invoke("return", answer={"Status": "PENDING"})
    judge.has(
        "pending needs something pending",
        {"Status": execution["Status"], **execution.get("Error", {})},
        {
            "Status": "FAILED",
            "ErrorType": "InvalidParameterValueException",
            "ErrorMessage": "Cannot return PENDING status with no pending operations.",
        },
    )
    judge.equal("it is tried three times", len(completions(events)), 3)

with judge.section("Answers of all kinds"):
    execution, _ = invoke("return", answer={"Status": "SUCCEEDED", "Result": '{"a": 1}'})
    judge.equal("a result is kept as text", execution.get("Result"), '{"a": 1}')
    execution, _ = invoke("return", answer={"Status": "SUCCEEDED"})
    judge.equal("a success needs no result", execution["Status"], "SUCCEEDED")
    error = {"ErrorType": "Bad", "ErrorMessage": "words", "ErrorData": "data", "StackTrace": ["here", "there"]}
    execution, _ = invoke("return", answer={"Status": "FAILED", "Error": error})
    judge.equal("an error is kept whole", execution.get("Error"), error)
    execution, events = invoke("large", length=500_000)
    judge.equal("a result by checkpoint counts", len(execution.get("Result", "")), 500_002)
    judge.equal("and ends the execution once", [event["EventType"] for event in events][-1], "ExecutionSucceeded")

with judge.section("Functions that fail"):
    execution, events = invoke("raises")
    judge.equal("an exception is retried", execution.get("Result"), '"went on"')
    judge.equal("the history tells it", completions(events), ["LookupError", None])
    execution, events = invoke("crashes")
    judge.equal("a crash is retried", execution.get("Result"), '"went on"')
    judge.equal("as Runtime.ExitError", completions(events), ["Runtime.ExitError", None])
    execution, events = invoke("hangs")
    judge.equal("a timeout is retried", execution.get("Result"), '"went on"')
    judge.equal("as Sandbox.Timedout", completions(events), ["Sandbox.Timedout", None])
    execution, events = invoke("always_crashes")
    judge.has("crashes without end fail", execution.get("Error", {}), {"ErrorType": "Runtime.ExitError"})

with judge.section("Time"):
    execution, events = invoke("waits", function="protocol-impatient")
    judge.equal("an execution has a timeout", execution["Status"], "TIMED_OUT")
    judge.equal("the history tells it last", events[-1]["EventType"], "ExecutionTimedOut")

with judge.section("Processes"):
    execution, _ = invoke("pid")
    first, second = json.loads(execution["Result"])
    judge.equal("a process is kept between invocations", second, first)

judge.finish()
