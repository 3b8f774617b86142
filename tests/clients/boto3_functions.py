"""boto3 through the control plane, as far as a deploy tool needs it.

Functions are made of zips with Python code, which the official runtime client runs.
"""

import base64
import hashlib
import io
import json
import pathlib
import sys
import uuid
import zipfile

from checks import Judge, arguments

judge = Judge(arguments().endpoint)
lambda_ = judge.lambda_

ROLE = "arn:aws:iam::123456789012:role/judge"
RUNTIME = f"python3.{sys.version_info.minor}"
SOURCE = pathlib.Path(__file__).with_name("functions") / "python" / "plain.py"


def package(comment):
    """Returns a zip with the functions' code; another comment makes another zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("plain.py"), f"# {comment}\n{SOURCE.read_text()}")
    return buffer.getvalue()


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def create(name, handler, code, **options):
    return lambda_.create_function(
        FunctionName=name, Runtime=RUNTIME, Role=ROLE, Handler=handler, Code={"ZipFile": code}, **options
    )


def invoke(name, payload, **options):
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(payload), **options)
    return json.loads(answer["Payload"].read()), answer


def settled(name):
    """Waits until a function is ready, as deploy tools do."""
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


durable, ordinary = (f"judge-{kind}-{uuid.uuid4().hex[:8]}" for kind in ("durable", "ordinary"))
one, two = package("one"), package("two")

with judge.section("CreateFunction"):
    created = create(
        durable,
        "plain.first",
        one,
        Description="made by a judge",
        Timeout=5,
        MemorySize=256,
        Environment={"Variables": {"COLOUR": "red"}},
        DurableConfig={"ExecutionTimeout": 600, "RetentionPeriodInDays": 7},
    )
    judge.has(
        "a function is as it was asked for",
        created,
        {
            "FunctionName": durable,
            "Runtime": RUNTIME,
            "Role": ROLE,
            "Handler": "plain.first",
            "Description": "made by a judge",
            "Timeout": 5,
            "MemorySize": 256,
            "Environment": {"Variables": {"COLOUR": "red"}},
            "DurableConfig": {"ExecutionTimeout": 600, "RetentionPeriodInDays": 7},
            "Version": "$LATEST",
            "PackageType": "Zip",
            "CodeSize": len(one),
            "CodeSha256": sha256(one),
        },
    )
    judge.matches(
        "its ARN has Lambda's form", created.get("FunctionArn"), rf"arn:aws:lambda:[^:]+:\d+:function:{durable}"
    )
    judge.refused("a name is taken once", 409, "ResourceConflictException", lambda: create(durable, "plain.first", one))
    judge.refused(
        "a zip is a zip",
        400,
        "InvalidParameterValueException",
        lambda: create(durable + "-broken", "plain.first", b"this is no zip"),
    )
    settled(durable)
    result, answer = invoke(durable, {}, Qualifier="$LATEST")
    judge.equal("it runs with its code and environment", result, ["first", "red"])
    judge.that("the log is not sent unasked", "LogResult" not in answer, "no LogResult", answer)
    _, logged = invoke(durable, {}, Qualifier="$LATEST", LogType="Tail")
    judge.equal("and is when it is", base64.b64decode(logged["LogResult"]).decode(), "the first has run\n")
    judge.that("as a durable execution", "DurableExecutionArn" in answer, "a DurableExecutionArn", answer)
    started = judge.history(answer["DurableExecutionArn"])[0]["ExecutionStartedDetails"]
    judge.equal("with its execution timeout", started["ExecutionTimeout"], 600)
    config = lambda_.get_durable_execution(DurableExecutionArn=answer["DurableExecutionArn"]).get("DurableConfig", {})
    judge.has("and its retention", config, {"ExecutionTimeout": 600, "RetentionPeriodInDays": 7})

with judge.section("GetFunction and GetFunctionConfiguration"):
    configuration = lambda_.get_function_configuration(FunctionName=durable)
    judge.has("a function is ready", configuration, {"State": "Active", "LastUpdateStatus": "Successful"})
    configuration.pop("ResponseMetadata")
    function = lambda_.get_function(FunctionName=durable)
    judge.equal("both tell the same", function["Configuration"], configuration)
    judge.that("GetFunction tells where the code is", "Code" in function, "Code", list(function))
    for what, call in {
        "GetFunction": lambda_.get_function,
        "its configuration": lambda_.get_function_configuration,
    }.items():
        judge.refused(
            f"an unknown function has no {what}",
            404,
            "ResourceNotFoundException",
            lambda call=call: call(FunctionName="no-such"),
        )
    judge.refused(
        "an unknown version is not found",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.get_function(FunctionName=durable, Qualifier="99"),
    )

with judge.section("PublishVersion"):
    published = lambda_.publish_version(FunctionName=durable, Description="the first")
    judge.has("a version is the code of now", published, {"Version": "1", "CodeSha256": sha256(one)})
    judge.matches("its ARN is qualified", published["FunctionArn"], f".*:function:{durable}:1")
    again = lambda_.publish_version(FunctionName=durable)
    judge.equal("without a change there is no new one", again["Version"], "1")
    result, answer = invoke(durable, {}, Qualifier="1")
    judge.equal("a version runs", result, ["first", "red"])
    judge.equal("it is the executed version", answer.get("ExecutedVersion"), "1")
    judge.that(
        "it is in the execution's ARN",
        f":function:{durable}:1/durable-execution/" in answer.get("DurableExecutionArn", ""),
        f"function:{durable}:1",
        answer.get("DurableExecutionArn"),
    )

with judge.section("UpdateFunctionCode"):
    before = lambda_.get_function_configuration(FunctionName=durable)
    updated = lambda_.update_function_code(FunctionName=durable, ZipFile=two)
    judge.has("the code is another", updated, {"CodeSha256": sha256(two), "CodeSize": len(two), "Version": "$LATEST"})
    judge.that("so is the revision", updated["RevisionId"] != before["RevisionId"], "another", updated["RevisionId"])
    settled(durable)
    version = lambda_.get_function_configuration(FunctionName=durable, Qualifier="1")
    judge.equal("a version keeps its code", version["CodeSha256"], sha256(one))
    judge.refused(
        "an unknown function has no code to update",
        404,
        "ResourceNotFoundException",
        lambda: lambda_.update_function_code(FunctionName="no-such", ZipFile=two),
    )

with judge.section("UpdateFunctionConfiguration"):
    updated = lambda_.update_function_configuration(
        FunctionName=durable,
        Handler="plain.second",
        Timeout=9,
        Environment={"Variables": {"COLOUR": "blue"}},
        DurableConfig={"ExecutionTimeout": 60, "RetentionPeriodInDays": 1},
    )
    changes = {
        "Handler": "plain.second",
        "Timeout": 9,
        "MemorySize": 256,
        "Environment": {"Variables": {"COLOUR": "blue"}},
        "DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1},
    }
    judge.has("what is named changes, the rest stays", updated, changes)
    settled(durable)
    judge.has("and is told", lambda_.get_function_configuration(FunctionName=durable), changes)
    result, answer = invoke(durable, {}, Qualifier="$LATEST")
    judge.equal("$LATEST runs with the change", result, ["second", "blue"])
    started = judge.history(answer["DurableExecutionArn"])[0]["ExecutionStartedDetails"]
    judge.equal("and with the new execution timeout", started["ExecutionTimeout"], 60)
    result, _ = invoke(durable, {}, Qualifier="1")
    judge.equal("a version runs without it", result, ["first", "red"])
    judge.equal("the next version is 2", lambda_.publish_version(FunctionName=durable)["Version"], "2")
    listed = lambda_.list_durable_executions_by_function(FunctionName=durable, Qualifier="1")["DurableExecutions"]
    versions = {one["DurableExecutionArn"].split("/")[0].rsplit(":", 1)[1] for one in listed}
    judge.equal("executions are listed by version", versions, {"1"})

with judge.section("ListFunctions"):

    def listed(**options):
        functions, more = [], {}
        while True:
            page = lambda_.list_functions(**options, **more)
            functions += page["Functions"]
            if not page.get("NextMarker"):
                return functions
            more = {"Marker": page["NextMarker"]}

    names = [function["FunctionName"] for function in listed()]
    judge.equal("a function is listed once", names.count(durable), 1)
    judge.equal("pages make the whole", [function["FunctionName"] for function in listed(MaxItems=1)], names)
    versions = {one["Version"] for one in listed(FunctionVersion="ALL") if one["FunctionName"] == durable}
    judge.equal("on request with its versions", versions, {"$LATEST", "1", "2"})

with judge.section("A function that is not durable"):
    create(ordinary, "plain.echo", one, MemorySize=192, Timeout=30)
    settled(ordinary)
    result, answer = invoke(ordinary, {"some": ["event", 1, None]})
    judge.equal("it is no execution", answer.get("DurableExecutionArn"), None)
    judge.has(
        "it gets its event and context",
        result,
        {
            "event": {"some": ["event", 1, None]},
            "function": ordinary,
            "version": "$LATEST",
            "memory": "192",
            "handler": "plain.echo",
        },
    )
    judge.matches("its ARN", result["arn"], rf"arn:aws:lambda:[^:]+:\d+:function:{ordinary}(:\$LATEST)?")
    judge.that("its region", bool(result["region"]), "AWS_REGION", result["region"])
    judge.that("its time that is left", 0 < result["remaining"] <= 30_000, "1 to 30000 ms", result["remaining"])
    answer = lambda_.invoke(FunctionName=ordinary, InvocationType="Event", Payload="{}")
    judge.equal("it can be invoked asynchronously", answer["StatusCode"], 202)
    judge.equal("which is no execution either", answer.get("DurableExecutionArn"), None)
    judge.refused(
        "durability is for creation only",
        400,
        "InvalidParameterValueException",
        lambda: lambda_.update_function_configuration(FunctionName=ordinary, DurableConfig={"ExecutionTimeout": 60}),
    )
    lambda_.update_function_configuration(FunctionName=ordinary, Handler="plain.fails")
    settled(ordinary)
    result, answer = invoke(ordinary, {}, LogType="Tail")
    judge.that("its log tells more", b"about to fail" in base64.b64decode(answer["LogResult"]), "a line", answer)
    judge.equal(
        "its failure is a function error", (answer["StatusCode"], answer.get("FunctionError")), (200, "Unhandled")
    )
    judge.has("with Python's error", result, {"errorType": "ValueError", "errorMessage": "no such luck"})

judge.finish()
