"""boto3 through every durable operation; the handlers are durabox's own examples.

The service hosts hello_world, create_callback, callback_heartbeat, order and invoke_target_error.
"""

import datetime
import itertools
import json
import uuid

from checks import Judge, arguments

judge = Judge(arguments().endpoint)
lambda_ = judge.lambda_

ARN = r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:%s:\$LATEST/durable-execution/%s/[a-zA-Z0-9_-]+"
ORDER = {"id": "42", "amount": 1299}


def invoke(function, payload, **options):
    return lambda_.invoke(FunctionName=function, Qualifier="$LATEST", Payload=json.dumps(payload), **options)


def start(function, payload, **options):
    """Starts an execution and returns its ARN."""
    return invoke(function, payload, InvocationType="Event", **options)["DurableExecutionArn"]


def result(answer):
    return json.loads(answer["Payload"].read())


def unique():
    return f"judge-{uuid.uuid4().hex[:12]}"


def get(arn, **options):
    return lambda_.get_durable_execution(DurableExecutionArn=arn, **options)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def types(events):
    return [event["EventType"] for event in events]


HELLO = ["ExecutionStarted", "StepStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded"]
unknown = None

with judge.section("Invoke and wait"):
    answer = invoke("hello_world", {"name": "Ada"})
    judge.equal("a synchronous invoke is 200", answer["StatusCode"], 200)
    judge.equal("it returns the handler's result", result(answer), "Hello, Ada!")
    judge.equal("a success has no function error", answer.get("FunctionError"), None)
    judge.equal("the executed version is $LATEST", answer.get("ExecutedVersion"), "$LATEST")
    judge.matches("the ARN has Lambda's form", answer.get("DurableExecutionArn"), ARN % ("hello_world", "[^/]+"))
    judge.equal(
        "the history is complete as the answer comes", types(judge.history(answer["DurableExecutionArn"])), HELLO
    )
    unknown = answer["DurableExecutionArn"].rsplit("/", 1)[0] + f"/{uuid.uuid4()}"
    function_arn = answer["DurableExecutionArn"].split(":$LATEST/")[0]
    again = lambda_.invoke(FunctionName=f"{function_arn}:$LATEST", Payload='{"name": "Grace"}')
    judge.equal("a function is found by its qualified ARN", result(again), "Hello, Grace!")
    again = lambda_.invoke(FunctionName="hello_world:$LATEST", Payload='{"name": "Grace"}')
    judge.equal("a function is found by name:qualifier", result(again), "Hello, Grace!")
    account = function_arn.split(":")[4]
    again = lambda_.invoke(FunctionName=f"{account}:function:hello_world:$LATEST", Payload='{"name": "Grace"}')
    judge.equal("a function is found by its partial ARN", result(again), "Hello, Grace!")

with judge.section("Invoke a handler that fails"):
    answer = invoke("invoke_target_error", None)
    judge.equal("a failed execution is 200", answer["StatusCode"], 200)
    judge.equal("its function error is Unhandled", answer.get("FunctionError"), "Unhandled")
    judge.has("its payload is the error", result(answer), {"errorMessage": "the target always fails"})
    execution = get(answer["DurableExecutionArn"])
    judge.equal("its status is FAILED", execution["Status"], "FAILED")
    judge.has("its error is kept", execution.get("Error", {}), {"ErrorMessage": "the target always fails"})
    judge.equal("it has no result", execution.get("Result"), None)

with judge.section("Invoke and go on"):
    answer = invoke("hello_world", {"name": "Eve"}, InvocationType="Event")
    judge.equal("an asynchronous invoke is 202", answer["StatusCode"], 202)
    judge.equal("it returns no payload", answer["Payload"].read(), b"")
    judge.matches("it returns the ARN", answer.get("DurableExecutionArn"), ARN % ("hello_world", "[^/]+"))
    judge.equal("it runs to its end", judge.ended(answer["DurableExecutionArn"]).get("Result"), '"Hello, Eve!"')

with judge.section("Invoke without running"):
    before = len(lambda_.list_durable_executions_by_function(FunctionName="hello_world")["DurableExecutions"])
    answer = invoke("hello_world", {"name": "Nobody"}, InvocationType="DryRun")
    judge.equal("a dry run is 204", answer["StatusCode"], 204)
    judge.equal("a dry run starts nothing", answer.get("DurableExecutionArn"), None)
    after = len(lambda_.list_durable_executions_by_function(FunctionName="hello_world")["DurableExecutions"])
    judge.equal("a dry run is not listed", after, before)

with judge.section("Invoke and be refused"):
    judge.refused("an unknown function is not found", 404, "ResourceNotFoundException", lambda: invoke("no_such", {}))
    judge.refused(
        "an unknown version is not found",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.invoke(FunctionName="hello_world", Qualifier="17", Payload="{}"),
    )
    judge.refused(
        "a payload must be JSON",
        400,
        "InvalidRequestContentException",
        lambda: lambda_.invoke(FunctionName="hello_world", Qualifier="$LATEST", Payload="{not json"),
    )
    judge.refused(
        "a name has no spaces",
        400,
        "InvalidParameterValueException",
        lambda: invoke("hello_world", {"name": "Ada"}, DurableExecutionName="two words"),
    )
    judge.refused(
        "a name has at most 64 characters",
        400,
        "InvalidParameterValueException",
        lambda: invoke("hello_world", {"name": "Ada"}, DurableExecutionName="n" * 65),
    )
    judge.refused(
        "an asynchronous payload has at most 1 MB",
        413,
        "RequestTooLargeException",
        lambda: start("hello_world", {"name": "x" * (1024 * 1024)}),
    )
    judge.refused(
        "a synchronous payload has at most 6 MB",
        413,
        "RequestTooLargeException",
        lambda: invoke("hello_world", {"name": "x" * (6 * 1024 * 1024)}),
    )

with judge.section("Names of ended executions"):
    name = unique()
    first = invoke("hello_world", {"name": "Ada"}, DurableExecutionName=name)
    judge.matches("the ARN has the name", first.get("DurableExecutionArn"), ARN % ("hello_world", name))
    second = invoke("hello_world", {"name": "Ada"}, DurableExecutionName=name)
    judge.equal(
        "same name, same payload: same execution", second.get("DurableExecutionArn"), first["DurableExecutionArn"]
    )
    judge.equal("and its result", result(second), "Hello, Ada!")
    third = start("hello_world", {"name": "Ada"}, DurableExecutionName=name)
    judge.equal("asynchronously too", third, first["DurableExecutionArn"])
    judge.equal("the handler has not run again", types(judge.history(first["DurableExecutionArn"])), HELLO)
    judge.refused(
        "same name, other payload: refused",
        409,
        "DurableExecutionAlreadyStartedException",
        lambda: invoke("hello_world", {"name": "Eve"}, DurableExecutionName=name),
    )
    other = start("create_callback", {}, DurableExecutionName=name)
    judge.matches("a name belongs to its function", other, ARN % ("create_callback", name))
    lambda_.stop_durable_execution(DurableExecutionArn=other)
    unnamed = [start("hello_world", {"name": "Ada"}) for _ in range(2)]
    judge.that("without a name each invoke is an execution", unnamed[0] != unnamed[1], "two ARNs", unnamed)

with judge.section("Names of running executions"):
    name = unique()
    running = start("order", ORDER, DurableExecutionName=name)
    judge.equal("same name, same payload: attached", start("order", ORDER, DurableExecutionName=name), running)
    judge.refused(
        "same name, other payload: refused while it runs",
        409,
        "DurableExecutionAlreadyStartedException",
        lambda: start("order", {"id": "43", "amount": 1}, DurableExecutionName=name),
    )
    lambda_.stop_durable_execution(DurableExecutionArn=running)

with judge.section("GetDurableExecution"):
    before = now()
    name = unique()
    arn = invoke("hello_world", {"name": "Ada"}, DurableExecutionName=name)["DurableExecutionArn"]
    after = now()
    execution = get(arn)
    judge.has(
        "an execution is described",
        execution,
        {
            "DurableExecutionArn": arn,
            "DurableExecutionName": name,
            "Status": "SUCCEEDED",
            "Result": '"Hello, Ada!"',
            "Version": "$LATEST",
            "ExecutionDataIncluded": True,
        },
    )
    judge.equal("its input is the payload", json.loads(execution["InputPayload"]), {"name": "Ada"})
    judge.equal("its function is told", execution["FunctionArn"].split(":")[6], "hello_world")
    # The API has milliseconds, the client microseconds.
    slack = datetime.timedelta(milliseconds=1)
    times = [before - slack, execution["StartTimestamp"], execution["EndTimestamp"], after]
    judge.that("its times are real", times == sorted(times), "start and end between the calls", times)
    bare = get(arn, IncludeExecutionData=False)
    judge.has(
        "without data there is none",
        bare,
        {"InputPayload": None, "Result": None, "Error": None, "ExecutionDataIncluded": False, "Status": "SUCCEEDED"},
    )
    judge.refused("an unknown execution is not found", 404, "ResourceNotFoundException", lambda: get(unknown))
    judge.refused("an ARN has a form", 400, "InvalidParameterValueException", lambda: get("arn:aws:lambda:nowhere"))

with judge.section("GetDurableExecutionHistory"):
    arn = invoke("hello_world", {"name": "Ada"})["DurableExecutionArn"]
    events = judge.history(arn)
    judge.equal("events come oldest first", types(events), HELLO)
    judge.equal("their ids are dense", [event["EventId"] for event in events], [1, 2, 3, 4, 5])
    stamps = [event["EventTimestamp"] for event in events]
    judge.that("their times do not fall", stamps == sorted(stamps), "sorted", stamps)
    judge.equal("the step is one operation", len({event.get("Id") for event in events[1:3]}), 1)
    judge.has("it has its name and kind", events[1], {"Name": "greet", "SubType": "Step"})
    judge.equal(
        "the input is in the first event",
        json.loads(events[0]["ExecutionStartedDetails"]["Input"]["Payload"]),
        {"name": "Ada"},
    )
    judge.has(
        "a step's result and attempt are told",
        events[2]["StepSucceededDetails"],
        {"Result": {"Payload": '"Hello, Ada!"', "Truncated": False}, "RetryDetails": {"CurrentAttempt": 1}},
    )
    judge.equal(
        "the result is in the last", events[4]["ExecutionSucceededDetails"]["Result"].get("Payload"), '"Hello, Ada!"'
    )
    judge.equal("data is included unless told otherwise", judge.history(arn, IncludeExecutionData=True), events)
    bare = judge.history(arn, IncludeExecutionData=False)
    payloads = [
        bare[0]["ExecutionStartedDetails"]["Input"].get("Payload"),
        bare[2]["StepSucceededDetails"]["Result"].get("Payload"),
        bare[4]["ExecutionSucceededDetails"]["Result"].get("Payload"),
    ]
    judge.equal("without data there are no payloads", payloads, [None, None, None])
    judge.equal("but all events", types(bare), HELLO)
    judge.equal("reverse order is newest first", judge.history(arn, ReverseOrder=True), events[::-1])
    page = lambda_.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=2)
    judge.equal("a page has at most MaxItems", page["Events"], events[:2])
    judge.that("a page that is not the last has a marker", bool(page.get("NextMarker")), "a NextMarker", page)
    judge.equal("pages make the whole", judge.history(arn, MaxItems=2), events)
    judge.equal("in reverse too", judge.history(arn, MaxItems=2, ReverseOrder=True), events[::-1])
    whole = lambda_.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=5)
    judge.equal("a page with everything has no marker", whole.get("NextMarker") or None, None)
    zero = lambda_.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=0)
    judge.equal("MaxItems 0 is the default", zero["Events"], events)
    paginator = lambda_.get_paginator("get_durable_execution_history")
    pages = paginator.paginate(DurableExecutionArn=arn, PaginationConfig={"PageSize": 1})
    judge.equal("boto3's paginator sees each event once", [e for page in pages for e in page["Events"]], events)
    judge.refused(
        "MaxItems is at most 1000",
        400,
        "InvalidParameterValueException",
        lambda: judge.history(arn, MaxItems=1001),
    )
    judge.refused(
        "a marker is one that was given",
        400,
        "InvalidParameterValueException",
        lambda: lambda_.get_durable_execution_history(DurableExecutionArn=arn, Marker="no marker"),
    )
    judge.refused(
        "an unknown execution has no history", 404, "ResourceNotFoundException", lambda: judge.history(unknown)
    )

with judge.section("ListDurableExecutionsByFunction"):

    def listed(**filters):
        """Lists what this section started, by the prefix of the name."""
        summaries, more = [], {}
        while True:
            page = lambda_.list_durable_executions_by_function(FunctionName="callback_heartbeat", **filters, **more)
            summaries += [one for one in page["DurableExecutions"] if one["DurableExecutionName"].startswith(prefix)]
            if not page.get("NextMarker"):
                return summaries
            more = {"Marker": page["NextMarker"]}

    def names(**filters):
        return [one["DurableExecutionName"].removeprefix(prefix) for one in listed(**filters)]

    prefix = unique()
    arns, started = [], []
    for letter in "abc":
        arns.append(start("callback_heartbeat", {}, DurableExecutionName=prefix + letter))
        started.append(get(arns[-1])["StartTimestamp"])
        # The times of executions have milliseconds: the next one starts in a later one.
        judge.until("a later time", lambda: now() > started[-1] + datetime.timedelta(milliseconds=10))
    lambda_.stop_durable_execution(DurableExecutionArn=arns[0])
    callback = judge.event(arns[1], "CallbackStarted")["CallbackStartedDetails"]["CallbackId"]
    lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"7")
    judge.ended(arns[1])
    judge.equal("the newest is first", names(), ["c", "b", "a"])
    judge.equal("reverse order is oldest first", names(ReverseOrder=True), ["a", "b", "c"])
    judge.equal("statuses are told", [one["Status"] for one in listed()], ["RUNNING", "SUCCEEDED", "STOPPED"])
    ends = ["EndTimestamp" in one for one in listed()]
    judge.equal("an end is told of what has ended", ends, [False, True, True])
    judge.equal("ARNs are told", [one["DurableExecutionArn"] for one in listed()], arns[::-1])
    judge.equal("a name selects", names(DurableExecutionName=prefix + "b"), ["b"])
    judge.equal("a part of a name does not", names(DurableExecutionName=prefix), [])
    judge.equal("a status selects", names(Statuses=["RUNNING"]), ["c"])
    judge.equal("statuses select any of them", names(Statuses=["RUNNING", "STOPPED"]), ["c", "a"])
    judge.equal("a status that none has selects none", names(Statuses=["TIMED_OUT"]), [])
    a_to_b, b_to_c = (early + (late - early) / 2 for early, late in itertools.pairwise(started))
    judge.equal("StartedAfter selects", names(StartedAfter=a_to_b), ["c", "b"])
    judge.equal("StartedBefore selects", names(StartedBefore=a_to_b), ["a"])
    judge.equal("both select between", names(StartedAfter=a_to_b, StartedBefore=b_to_c), ["b"])
    judge.equal("a qualifier selects", names(Qualifier="$LATEST"), ["c", "b", "a"])
    judge.equal("pages make the whole", names(MaxItems=1), ["c", "b", "a"])
    judge.equal("in reverse too", names(MaxItems=2, ReverseOrder=True), ["a", "b", "c"])
    judge.equal("pages of a selection too", names(MaxItems=1, Statuses=["RUNNING", "STOPPED"]), ["c", "a"])
    one = lambda_.list_durable_executions_by_function(FunctionName="callback_heartbeat", MaxItems=1)
    judge.equal("a page has at most MaxItems", len(one["DurableExecutions"]), 1)
    judge.equal(
        "executions of other functions are not listed",
        {summary["FunctionArn"].split(":")[6] for summary in listed()},
        {"callback_heartbeat"},
    )
    judge.refused(
        "an unknown function has no executions",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.list_durable_executions_by_function(FunctionName="no_such"),
    )
    judge.refused(
        "a status is one of Lambda's", 400, "InvalidParameterValueException", lambda: names(Statuses=["DONE"])
    )
    judge.refused(
        "a marker of a list is one that was given",
        400,
        "InvalidParameterValueException",
        lambda: lambda_.list_durable_executions_by_function(FunctionName="callback_heartbeat", Marker="no marker"),
    )
    lambda_.stop_durable_execution(DurableExecutionArn=arns[2])


def open_callback(function, name=None):
    """Starts a handler that waits for a callback; returns the execution's ARN and the callback's id."""
    arn = start(function, {}, **({"DurableExecutionName": name} if name else {}))
    return arn, judge.event(arn, "CallbackStarted")["CallbackStartedDetails"]["CallbackId"]


def refused_callback(name, status, error, callback):
    """Checks that none of the three calls takes a callback."""
    calls = {
        "success": lambda: lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"true"),
        "failure": lambda: lambda_.send_durable_execution_callback_failure(CallbackId=callback, Error={}),
        "heartbeat": lambda: lambda_.send_durable_execution_callback_heartbeat(CallbackId=callback),
    }
    for what, call in calls.items():
        judge.refused(f"{name} takes no {what}", status, error, call)


with judge.section("SendDurableExecutionCallbackSuccess"):
    arn, callback = open_callback("create_callback")
    judge.matches("a callback id is base64", callback, r"[A-Za-z0-9+/]+={0,2}")
    lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"true")
    judge.equal("the bytes are the result", judge.ended(arn).get("Result"), '"approved"')
    details = judge.event(arn, "CallbackSucceeded")["CallbackSucceededDetails"]
    judge.equal("the history has them", details["Result"].get("Payload"), "true")
    refused_callback("a closed callback", 400, "CallbackTimeoutException", callback)

with judge.section("SendDurableExecutionCallbackFailure"):
    arn, callback = open_callback("create_callback")
    error = {
        "ErrorType": "Declined",
        "ErrorMessage": "not today",
        "ErrorData": '{"until": "tomorrow"}',
        "StackTrace": ["at the desk", "in the office"],
    }
    lambda_.send_durable_execution_callback_failure(CallbackId=callback, Error=error)
    execution = judge.ended(arn)
    judge.equal("a failure that nobody catches fails the execution", execution["Status"], "FAILED")
    judge.has("with the type and the words of the sender", execution.get("Error", {}), {"ErrorType": "Declined"})
    details = judge.event(arn, "CallbackFailed")["CallbackFailedDetails"]
    judge.equal("the history has the whole error", details["Error"].get("Payload"), error)
    refused_callback("a closed callback", 400, "CallbackTimeoutException", callback)
    arn, callback = open_callback("create_callback")
    lambda_.send_durable_execution_callback_failure(CallbackId=callback)
    judge.equal("a failure needs no error", judge.ended(arn)["Status"], "FAILED")

with judge.section("SendDurableExecutionCallbackHeartbeat"):
    arn, callback = open_callback("callback_heartbeat")
    details = judge.event(arn, "CallbackStarted")["CallbackStartedDetails"]
    judge.equal("the heartbeat timeout is told", details.get("HeartbeatTimeout"), 60)
    before = types(judge.history(arn))
    lambda_.send_durable_execution_callback_heartbeat(CallbackId=callback)
    lambda_.send_durable_execution_callback_heartbeat(CallbackId=callback)
    after = [event for event in types(judge.history(arn)) if event != "InvocationCompleted"]
    judge.equal("a heartbeat leaves no event", after, [event for event in before if event != "InvocationCompleted"])
    judge.equal("and the callback open", get(arn)["Status"], "RUNNING")
    lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"42")
    judge.equal("a success after it counts", judge.ended(arn).get("Result"), '"42 bytes"')

with judge.section("Callbacks that nobody has"):
    refused_callback("what is no callback's id", 400, "InvalidParameterValueException", "bm9ib2R5")
    refused_callback("what is no base64", 400, "InvalidParameterValueException", "not/base64!")

with judge.section("StopDurableExecution"):
    arn = start("order", ORDER)
    judge.event(arn, "WaitStarted")
    error = {"ErrorType": "Cancelled", "ErrorMessage": "by the customer", "ErrorData": "{}", "StackTrace": ["here"]}
    stopped = lambda_.stop_durable_execution(DurableExecutionArn=arn, Error=error)
    execution = get(arn)
    judge.equal("a stop is immediate", execution["Status"], "STOPPED")
    judge.equal("its error is kept", execution.get("Error"), error)
    judge.equal("its time is the end", execution.get("EndTimestamp"), stopped["StopTimestamp"])
    last = judge.history(arn)[-1]
    judge.equal("the last event tells it", last["EventType"], "ExecutionStopped")
    judge.equal("with the error", last["ExecutionStoppedDetails"]["Error"].get("Payload"), error)
    again = lambda_.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorType": "Second"})
    judge.equal("a second stop tells the first", again["StopTimestamp"], stopped["StopTimestamp"])
    judge.equal("and changes nothing", get(arn).get("Error"), error)
    arn, callback = open_callback("create_callback")
    lambda_.stop_durable_execution(DurableExecutionArn=arn)
    judge.equal("a stop needs no error", get(arn)["Status"], "STOPPED")
    refused_callback("a stopped execution", 400, "CallbackTimeoutException", callback)
    judge.refused(
        "an unknown execution cannot be stopped",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.stop_durable_execution(DurableExecutionArn=unknown),
    )

with judge.section("PauseDurableExecution and ResumeDurableExecution"):
    arn, callback = open_callback("create_callback")
    lambda_.pause_durable_execution(DurableExecutionArn=arn, Reason="a break", ClientToken="pause-once")
    execution = judge.status(arn, "PAUSED")
    details = execution.get("PauseDetails", {})
    judge.has("the pause is told", details, {"Reason": "a break", "ExecutionTimeoutPaused": True})
    judge.that("with its time", "PauseRequestTimestamp" in details, "a PauseRequestTimestamp", details)
    event = judge.event(arn, "ExecutionPaused")
    reason = event["ExecutionPausedDetails"].get("Reason", {})
    judge.has("the history has it", reason, {"Payload": "a break"})
    lambda_.pause_durable_execution(DurableExecutionArn=arn, Reason="a break", ClientToken="pause-once")
    judge.equal("the same client token pauses once", types(judge.history(arn)).count("ExecutionPaused"), 1)
    lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"true")
    judge.event(arn, "CallbackSucceeded")
    events = types(judge.history(arn))
    judge.equal("a callback completes while paused", events.count("CallbackSucceeded"), 1)
    judge.equal("but nothing is invoked", (get(arn)["Status"], events[-1]), ("PAUSED", "CallbackSucceeded"))
    lambda_.resume_durable_execution(DurableExecutionArn=arn, Reason="back", ClientToken="resume-once")
    execution = judge.ended(arn)
    judge.equal("a resumed execution goes on", execution.get("Result"), '"approved"')
    judge.equal("the pause is over", execution.get("PauseDetails"), None)
    events = types(judge.history(arn))
    judge.that(
        "the history has the resume before the invocation",
        "ExecutionResumed" in events[events.index("CallbackSucceeded") :],
        "ExecutionResumed after CallbackSucceeded",
        events,
    )
    judge.refused(
        "an ended execution cannot be paused",
        409,
        "ResourceConflictException",
        lambda: lambda_.pause_durable_execution(DurableExecutionArn=arn),
    )
    judge.refused(
        "nor resumed",
        409,
        "ResourceConflictException",
        lambda: lambda_.resume_durable_execution(DurableExecutionArn=arn),
    )
    for what, call in {
        "paused": lambda: lambda_.pause_durable_execution(DurableExecutionArn=unknown),
        "resumed": lambda: lambda_.resume_durable_execution(DurableExecutionArn=unknown),
    }.items():
        judge.refused(f"an unknown execution cannot be {what}", 404, "ResourceNotFoundException", call)
    arn, _ = open_callback("create_callback")
    lambda_.pause_durable_execution(DurableExecutionArn=arn, ExecutionTimeoutPaused=False)
    details = judge.status(arn, "PAUSED").get("PauseDetails", {})
    judge.equal("the timeout can go on", details.get("ExecutionTimeoutPaused"), False)
    lambda_.stop_durable_execution(DurableExecutionArn=arn)
    judge.equal("a paused execution can be stopped", get(arn)["Status"], "STOPPED")

with judge.section("DeleteDurableExecution"):
    name = unique()
    arn, callback = open_callback("create_callback", name)
    judge.refused(
        "a running execution cannot be deleted",
        409,
        "ResourceConflictException",
        lambda: lambda_.delete_durable_execution(DurableExecutionArn=arn),
    )
    lambda_.send_durable_execution_callback_success(CallbackId=callback, Result=b"false")
    judge.ended(arn)
    lambda_.delete_durable_execution(DurableExecutionArn=arn)

    def gone():
        try:
            return get(arn)["Status"] != "DELETING" and "still there"
        except lambda_.exceptions.ResourceNotFoundException:
            return "gone"

    judge.equal("a deleted execution is gone", judge.until("the deletion", gone), "gone")
    refused_callback("its callback", 404, "ResourceNotFoundException", callback)
    judge.refused("its history too", 404, "ResourceNotFoundException", lambda: judge.history(arn))
    left = lambda_.list_durable_executions_by_function(FunctionName="create_callback", DurableExecutionName=name)
    judge.equal("it is not listed", left["DurableExecutions"], [])
    renewed, _ = open_callback("create_callback", name)
    judge.that("its name is free again", renewed != arn, "another ARN", renewed)
    lambda_.stop_durable_execution(DurableExecutionArn=renewed)
    judge.refused(
        "an unknown execution cannot be deleted",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.delete_durable_execution(DurableExecutionArn=unknown),
    )

with judge.section("Checkpoints of nobody"):
    arn, _ = open_callback("create_callback")
    judge.refused(
        "a checkpoint needs the current token",
        400,
        "InvalidParameterValueException",
        lambda: lambda_.checkpoint_durable_execution(DurableExecutionArn=arn, CheckpointToken="bm9ib2R5", Updates=[]),
        "Invalid checkpoint token",
    )
    judge.refused(
        "so does the state",
        400,
        "InvalidParameterValueException",
        lambda: lambda_.get_durable_execution_state(DurableExecutionArn=arn, CheckpointToken="bm9ib2R5"),
        "Invalid checkpoint token",
    )
    lambda_.stop_durable_execution(DurableExecutionArn=arn)

judge.finish()
