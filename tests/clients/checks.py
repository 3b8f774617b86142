"""What the judges share: checks, the shape of every answer, and a client that retries nothing.

A check prints `ok NAME` or `FAIL NAME: expected ..., got ...`; `finish` exits with 1 if one failed.
"""

import argparse
import contextlib
import functools
import json
import pathlib
import re
import sys
import time
import traceback

import boto3
import botocore.exceptions
from botocore.config import Config

REGION = "us-east-1"

# How long a status may take to come; no check passes because of it.
PATIENCE_SECONDS = 60


def arguments(**more):
    """Reads `--endpoint URL` and the named options, all of them required."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True, help="where the service listens, http://127.0.0.1:PORT")
    for name, what in more.items():
        parser.add_argument("--" + name.replace("_", "-"), required=True, help=what)
    return parser.parse_args()


class Judge:
    """Counts checks, and judges each answer of its client by the API's own model."""

    def __init__(self, endpoint):
        self.passed, self.failed, self.told = 0, 0, set()
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=50)
        credentials = {"aws_access_key_id": "judge", "aws_secret_access_key": "judge"}
        self.lambda_ = boto3.client("lambda", endpoint_url=endpoint, region_name=REGION, config=config, **credentials)
        self.lambda_.meta.events.register("before-parse.lambda", self._judge_answer)

    def ok(self, name):
        self.passed += 1
        print("ok", name, flush=True)

    def fail(self, name, expected, got):
        self.failed += 1
        print(f"FAIL {name}: expected {expected}, got {got}", flush=True)

    def equal(self, name, got, expected):
        """Checks that `got` is `expected`."""
        self.ok(name) if got == expected else self.fail(name, repr(expected), repr(got))

    def that(self, name, holds, expected, got):
        """Checks that something holds; `expected` says what, in words."""
        self.ok(name) if holds else self.fail(name, expected, repr(got))

    def matches(self, name, got, pattern):
        """Checks that a text matches a pattern as a whole."""
        holds = isinstance(got, str) and re.fullmatch(pattern, got) is not None
        self.that(name, holds, f"a text that matches {pattern}", got)

    def has(self, name, got, expected):
        """Checks that a dict has these fields with these values; others do not matter."""
        self.equal(name, {field: got.get(field) for field in expected}, expected)

    def refused(self, name, status, error, call, message=None):
        """Checks that a call fails with this HTTP status and exception, and with a message that matches."""
        try:
            answer = call()
        except botocore.exceptions.ClientError as problem:
            got = (problem.response["ResponseMetadata"]["HTTPStatusCode"], problem.response["Error"]["Code"])
            text = problem.response["Error"].get("Message", "")
            if got != (status, error):
                self.fail(name, (status, error), (*got, text))
            elif not text:
                self.fail(name, "a message", "none")
            elif message is not None and not re.search(message, text):
                self.fail(name, f"a message that matches {message}", repr(text))
            else:
                self.ok(name)
        else:
            answer.pop("ResponseMetadata", None)
            self.fail(name, (status, error), f"success: {answer}")

    @contextlib.contextmanager
    def section(self, name):
        """Runs checks that build on each other: an exception fails the section, and the next one goes on."""
        try:
            yield
        except Exception as problem:
            script = pathlib.Path(sys.argv[0]).name
            frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if script in frame.filename]
            place = "".join(f" (line {frame.lineno})" for frame in frames[:1])
            self.fail(f"{name}{place}", "no exception", f"{type(problem).__name__}: {problem}")

    def until(self, what, get):
        """Calls `get` until it returns something, and returns that."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if got := get():
                return got
            time.sleep(0.02)
        raise TimeoutError(f"{what} did not come within {PATIENCE_SECONDS} s")

    def status(self, arn, *statuses):
        """Waits until an execution has one of these statuses, and returns its description."""

        def get():
            execution = self.lambda_.get_durable_execution(DurableExecutionArn=arn)
            return execution if execution["Status"] in statuses else None

        return self.until(f"{' or '.join(statuses)} of {arn}", get)

    def ended(self, arn):
        """Waits until an execution has ended, and returns its description."""
        return self.status(arn, "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED")

    def history(self, arn, **options):
        """Returns all events of an execution."""
        events, more = [], {}
        while True:
            page = self.lambda_.get_durable_execution_history(DurableExecutionArn=arn, **options, **more)
            events += page["Events"]
            if not page.get("NextMarker"):
                return events
            more = {"Marker": page["NextMarker"]}

    def event(self, arn, event_type):
        """Waits for the first event of a type."""
        return self.until(
            f"{event_type} of {arn}",
            lambda: next((event for event in self.history(arn) if event["EventType"] == event_type), None),
        )

    def finish(self):
        """Prints the count and exits."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)

    def _judge_answer(self, operation_model, response_dict, **_):
        """Judges one answer: its request id, and its body by the model, or its error by how SDKs read one."""
        name, status = operation_model.name, response_dict["status_code"]
        problems = [] if response_dict["headers"].get("x-amzn-requestid") else ["no header x-amzn-requestid"]
        if status >= 300:
            error = response_dict["headers"].get("x-amzn-errortype", "")
            shape = next((shape for shape in operation_model.error_shapes if shape.name == error), None)
            if not error:
                problems.append("no header x-amzn-errortype")
            elif shape is None:
                problems.append(f"{error}, which the model does not name")
            elif shape.metadata["error"]["httpStatusCode"] != status:
                problems.append(f"{error} with status {status}")
        elif operation_model.output_shape and not operation_model.has_streaming_output:
            body = response_dict["body"]
            try:
                problems += _mismatches(operation_model.output_shape, json.loads(body or b"{}"), name)
            except ValueError as problem:
                problems.append(f"a body that is not JSON: {problem}: {body[:200]}")
        if status < 300 and operation_model.http["responseCode"] != status and name != "Invoke":
            problems.append(f"status {status}, not {operation_model.http['responseCode']}")
        for problem in problems:
            # One is enough of the same in many answers.
            if (name, problem) not in self.told:
                self.told.add((name, problem))
                self.fail(f"answer of {name}", "what the API model says", problem)


def _mismatches(shape, value, path):
    """Returns where a JSON value differs from a shape of the API model; null is as good as absent."""
    kind = shape.type_name
    wrong = [f"{path}: {value!r} is no {kind}"]
    if kind == "structure":
        if not isinstance(value, dict):
            return wrong
        members = {
            member.serialization.get("name", name): member
            for name, member in shape.members.items()
            if "location" not in member.serialization
        }
        found = [f"{path}.{name} is not in the model" for name in value if name not in members]
        found += [f"{path}.{name} is missing" for name in shape.required_members if value.get(name) is None]
        for name, member in members.items():
            if value.get(name) is not None:
                found += _mismatches(member, value[name], f"{path}.{name}")
        return found
    if kind == "list":
        if not isinstance(value, list):
            return wrong
        return [found for item in value for found in _mismatches(shape.member, item, f"{path}[]")]
    if kind == "map":
        if not isinstance(value, dict):
            return wrong
        return [found for key, item in value.items() for found in _mismatches(shape.value, item, f"{path}[{key}]")]
    if kind == "boolean":
        return [] if isinstance(value, bool) else wrong
    if kind in ("integer", "long", "timestamp", "float", "double"):
        whole = kind in ("integer", "long")
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        return [] if fits and low <= value <= high else wrong
    if not isinstance(value, str):
        return wrong
    enum, pattern = getattr(shape, "enum", None), shape.metadata.get("pattern")
    if enum and value not in enum:
        return [f"{path}: {value!r} is none of {enum}"]
    if pattern and not _pattern(pattern).fullmatch(value):
        return [f"{path}: {value!r} does not match {pattern}"]
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    return [] if low <= len(value) <= high else [f"{path}: {len(value)} characters, not {low} to {high}"]


@functools.cache
def _pattern(pattern):
    return re.compile(pattern)
