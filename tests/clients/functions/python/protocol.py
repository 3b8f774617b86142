"""A durable handler without an SDK: it speaks the checkpoint protocol itself, and judges the answers.

`mode` in its input says what it does. Findings are `[name, expected, got]`; the script that invokes it prints them.
"""

import json
import os
import re
import time

import boto3
import botocore.exceptions
from botocore.config import Config

# Retries would hide what the service answers first.
lambda_ = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))

# Told to every function by Lambda.
VARIABLES = [
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "COLOUR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
]


def handler(event, context):
    operations = event["InitialExecutionState"]["Operations"]
    request = json.loads(operations[0]["ExecutionDetails"]["InputPayload"])
    return globals()["_" + request["mode"]](event, request)


def _protocol(event, request):
    operations = event["InitialExecutionState"]["Operations"]
    return _second(event, operations) if len(operations) > 1 else _first(event, operations)


class Findings(list):
    def equal(self, name, got, expected):
        self.append([name, expected, got])

    def refused(self, name, message, call):
        """Notes how a call fails; a message is compared by its beginning, whatever its case."""
        try:
            call()
            self.append([name, ["InvalidParameterValueException", 400, message], "success"])
        except botocore.exceptions.ClientError as problem:
            text = problem.response["Error"]["Message"]
            status = problem.response["ResponseMetadata"]["HTTPStatusCode"]
            same = text.lower().startswith(message.lower())
            got = [problem.response["Error"]["Code"], status, message if same else text]
            self.append([name, ["InvalidParameterValueException", 400, message], got])


class Checkpoints:
    """The service, with the token of now."""

    def __init__(self, event):
        self.arn, self.token = event["DurableExecutionArn"], event["CheckpointToken"]

    def send(self, *updates, **options):
        options.setdefault("CheckpointToken", self.token)
        answer = lambda_.checkpoint_durable_execution(DurableExecutionArn=self.arn, Updates=list(updates), **options)
        answer.pop("ResponseMetadata")
        self.token = answer.get("CheckpointToken", self.token)
        return answer

    def state(self, **options):
        operations, more, pages = [], {}, 0
        while True:
            page = lambda_.get_durable_execution_state(
                DurableExecutionArn=self.arn, CheckpointToken=self.token, **options, **more
            )
            operations, pages = operations + page["Operations"], pages + 1
            if not page.get("NextMarker"):
                return operations, pages
            more = {"Marker": page["NextMarker"]}


def _operation(answer, id_):
    return next((one for one in answer["NewExecutionState"].get("Operations", []) if one["Id"] == id_), {})


def _succeed(id_, payload, **fields):
    return {"Id": id_, "Type": "STEP", "Action": "SUCCEED", "Payload": payload, **fields}


def _start(id_, type_, **fields):
    return {"Id": id_, "Type": type_, "Action": "START", **fields}


def _first(event, operations):
    findings, service = Findings(), Checkpoints(event)
    execution = operations[0]
    findings.equal("the first operation is the execution", execution["Type"], "EXECUTION")
    findings.equal("its id ends the ARN", execution["Id"], service.arn.split("/")[-1])
    findings.equal("it has started", execution["Status"], "STARTED")
    stamp = execution["StartTimestamp"]
    whole = isinstance(stamp, int) and abs(stamp / 1000 - time.time()) < 60
    findings.equal("times of the event are whole milliseconds", whole or stamp, True)
    findings.equal("an event with everything has an empty marker", event["InitialExecutionState"]["NextMarker"], "")
    missing = [name for name in VARIABLES if name not in os.environ]
    findings.equal("the environment is Lambda's", missing, [])

    token = service.token
    batch = [_start("a", "STEP", Name="one", SubType="Step"), _succeed("a", '"1"')]
    answer = service.send(*batch, ClientToken="once")
    findings.equal("a checkpoint gives another token", service.token != token, True)
    one = _operation(answer, "a")
    findings.equal("START and SUCCEED may come together", one.get("Status"), "SUCCEEDED")
    findings.equal("the name is kept", [one.get("Name"), one.get("SubType")], ["one", "Step"])
    details = one.get("StepDetails", {})
    findings.equal("a step has its result and attempt", [details.get("Result"), details.get("Attempt")], ['"1"', 1])
    again = service.send(*batch, ClientToken="once", CheckpointToken=token)
    findings.equal("the same client token has the same answer", again, answer)
    findings.refused(
        "an old token is not taken", "Invalid checkpoint token", lambda: service.send(CheckpointToken=token)
    )
    before = service.token
    service.send()
    findings.equal("an empty checkpoint gives another token", service.token != before, True)

    answer = service.send(_start("b", "CALLBACK", CallbackOptions={"TimeoutSeconds": 60}))
    callback = _operation(answer, "b").get("CallbackDetails", {}).get("CallbackId", "")
    findings.equal("a callback gets its id", bool(re.fullmatch("[A-Za-z0-9+/]+={0,2}", callback)) or callback, True)

    service.send(
        _start("c", "CONTEXT"),
        _succeed("c1", "2", ParentId="c"),
        {"Id": "c", "Type": "CONTEXT", "Action": "SUCCEED", "Payload": "3"},
    )
    kept = {
        "Id": "d",
        "Type": "CONTEXT",
        "Action": "SUCCEED",
        "Payload": "",
        "ContextOptions": {"ReplayChildren": True},
    }
    service.send(_start("d", "CONTEXT"), _succeed("d1", "4", ParentId="d"), kept)
    before = service.token
    state, _ = service.state()
    ids = [one["Id"] for one in state]
    findings.equal(
        "the state is in the order of starts, less children of ended contexts", ids[1:], ["a", "b", "c", "d", "d1"]
    )
    findings.equal("the execution is first in it", state[0]["Type"], "EXECUTION")
    pages, count = service.state(MaxItems=2)
    findings.equal("pages of the state make the whole", [[one["Id"] for one in pages], count], [ids, 3])
    service.send()
    findings.equal("reading the state takes no token", service.token != before, True)

    for name, message, updates in REFUSED:
        findings.refused(name, message, lambda updates=updates: service.send(*updates))
    state, _ = service.state()
    findings.equal("what was refused has changed nothing", [one["Id"] for one in state], ids)

    answer = service.send(
        {
            "Id": "r",
            "Type": "STEP",
            "Action": "RETRY",
            "Payload": '"state"',
            "StepOptions": {"NextAttemptDelaySeconds": 1},
        }
    )
    retried = _operation(answer, "r")
    details = retried.get("StepDetails", {})
    findings.equal(
        "a retry waits",
        [retried.get("Status"), details.get("Attempt"), details.get("Result")],
        ["PENDING", 1, '"state"'],
    )
    findings.equal("for a time that is told", "NextAttemptTimestamp" in details, True)
    answer = service.send(_start("w", "WAIT", WaitOptions={"WaitSeconds": 2}))
    findings.equal("a wait has an end", "ScheduledEndTimestamp" in _operation(answer, "w").get("WaitDetails", {}), True)
    service.send(_succeed("token", json.dumps(service.token)), _succeed("findings", json.dumps(findings, default=str)))
    return {"Status": "PENDING"}


# Batches that no service takes, in the state after `_first`'s good ones; messages are the official emulator's.
REFUSED = [
    (
        "an operation is not started twice in a batch",
        "Cannot checkpoint multiple operations with the same ID.",
        [_start("x", "STEP"), _start("x", "STEP")],
    ),
    ("a parent is known", "Invalid parent operation id.", [_start("x", "STEP", ParentId="nowhere")]),
    ("a parent is a context", "Invalid parent operation id.", [_start("x", "STEP", ParentId="a")]),
    ("a type does not change", "Inconsistent operation type.", [_start("a", "WAIT", WaitOptions={"WaitSeconds": 1})]),
    ("a name does not change", "Inconsistent operation name.", [_succeed("a", "1", Name="two")]),
    ("a sub-type does not change", "Inconsistent operation subtype.", [_succeed("a", "1", SubType="WaitForCondition")]),
    ("an ended step is not started", "Invalid current STEP state to start.", [_start("a", "STEP")]),
    ("an ended step does not end again", "Invalid current STEP state to close.", [_succeed("a", "1")]),
    ("a wait does not succeed on request", "Invalid", [{"Id": "x", "Type": "WAIT", "Action": "SUCCEED"}]),
    (
        "a retry has options",
        "Invalid StepOptions for the given action.",
        [{"Id": "x", "Type": "STEP", "Action": "RETRY"}],
    ),
    (
        "a retry has an error or a payload",
        "Cannot provide both error and payload to RETRY a STEP.",
        [
            {
                "Id": "x",
                "Type": "STEP",
                "Action": "RETRY",
                "Payload": "1",
                "Error": {"ErrorMessage": "no"},
                "StepOptions": {"NextAttemptDelaySeconds": 1},
            }
        ],
    ),
    (
        "a failure has no payload",
        "Cannot provide a Payload for FAIL action.",
        [{"Id": "x", "Type": "STEP", "Action": "FAIL", "Payload": "1", "Error": {"ErrorMessage": "no"}}],
    ),
    (
        "a success has no error",
        "Cannot provide an Error for SUCCEED action.",
        [_succeed("x", "1", Error={"ErrorMessage": "no"})],
    ),
    (
        "the end of the execution comes last",
        "EXECUTION checkpoint must be the last update.",
        [{"Id": "e", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": "1"}, _start("x", "STEP")],
    ),
    (
        "an execution ends once",
        "Cannot checkpoint multiple EXECUTION updates.",
        [{"Id": id_, "Type": "EXECUTION", "Action": "SUCCEED", "Payload": "1"} for id_ in "ef"],
    ),
    ("a callback is not started twice", "Cannot start a CALLBACK that already exist", [_start("b", "CALLBACK")]),
    ("a context is not started twice", "Cannot start a CONTEXT that already exist", [_start("c", "CONTEXT")]),
    (
        "one bad update refuses the batch",
        "Invalid parent operation id.",
        [_succeed("x", "1"), _succeed("y", "1", ParentId="nowhere")],
    ),
    ("a name is printable ASCII", "", [_start("x", "STEP", Name="caf\u00e9")]),
    ("a name has at most 256 characters", "", [_start("x", "STEP", Name="n" * 257)]),
    ("a wait takes at most 366 days", "", [_start("x", "WAIT", WaitOptions={"WaitSeconds": 31_622_401})]),
]


def _second(event, operations):
    """After the retry and the wait: the retry wakes first, so the invocation between only waits."""
    service = Checkpoints(event)
    known = {one["Id"]: one for one in operations}
    if known["w"]["Status"] != "SUCCEEDED":
        return {"Status": "PENDING"}
    findings = Findings(json.loads(known["findings"]["StepDetails"]["Result"]))
    wait = known["w"]
    stamps = [wait["StartTimestamp"], wait["WaitDetails"]["ScheduledEndTimestamp"], wait["EndTimestamp"]]
    whole = all(isinstance(stamp, int) for stamp in stamps) and stamps == sorted(stamps)
    findings.equal("a wait is told in whole milliseconds", whole or stamps, True)
    findings.equal("what was updated is told", "w" in event.get("UpdatedOperationIds", []), True)
    retried = known["r"]
    findings.equal("a retried step is ready", retried["Status"], "READY")
    findings.equal("and keeps its state", retried["StepDetails"].get("Result"), '"state"')
    stale = json.loads(known["token"]["StepDetails"]["Result"])
    findings.refused(
        "a token ends with its invocation", "Invalid checkpoint token", lambda: service.send(CheckpointToken=stale)
    )
    answer = service.send(_start("r", "STEP"), _succeed("r", '"done"'))
    details = _operation(answer, "r").get("StepDetails", {})
    findings.equal("the second attempt is counted", [details.get("Attempt"), details.get("Result")], [2, '"done"'])
    return {"Status": "SUCCEEDED", "Result": json.dumps(findings, default=str)}


def _return(event, request):
    """Answers what it is told to."""
    return request["answer"]


def _once(event, service):
    """Tells whether this is the first invocation, and lets the next one know."""
    first = len(event["InitialExecutionState"]["Operations"]) == 1
    if first:
        service.send(_start("only", "STEP", SubType="Step"))
    return first


def _raises(event, request):
    if _once(event, Checkpoints(event)):
        raise LookupError("not the first time")
    return {"Status": "SUCCEEDED", "Result": json.dumps("went on")}


def _crashes(event, request):
    if _once(event, Checkpoints(event)):
        os._exit(3)
    return {"Status": "SUCCEEDED", "Result": json.dumps("went on")}


def _hangs(event, request):
    if _once(event, Checkpoints(event)):
        time.sleep(3600)
    return {"Status": "SUCCEEDED", "Result": json.dumps("went on")}


def _always_crashes(event, request):
    os._exit(3)


def _large(event, request):
    """A result that goes by a checkpoint, under an id of its own."""
    service = Checkpoints(event)
    payload = json.dumps("x" * request["length"])
    answer = service.send({"Id": "execution-result-1", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": payload})
    if "CheckpointToken" in answer:
        raise AssertionError("the last checkpoint gave a token")
    return {"Status": "SUCCEEDED", "Result": ""}


def _waits(event, request):
    """Waits longer than the execution may take."""
    if len(event["InitialExecutionState"]["Operations"]) == 1:
        Checkpoints(event).send(_start("w", "WAIT", WaitOptions={"WaitSeconds": 3600}))
    return {"Status": "PENDING"}


def _pid(event, request):
    """Tells two invocations' processes."""
    operations = event["InitialExecutionState"]["Operations"]
    if len(operations) == 1:
        Checkpoints(event).send(
            _succeed("pid", json.dumps(os.getpid())), _start("w", "WAIT", WaitOptions={"WaitSeconds": 1})
        )
        return {"Status": "PENDING"}
    first = json.loads(operations[1]["StepDetails"]["Result"])
    return {"Status": "SUCCEEDED", "Result": json.dumps([first, os.getpid()])}
