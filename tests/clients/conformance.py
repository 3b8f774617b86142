"""The official conformance suite, its own command unmodified, over a service that runs on this machine.

The command deploys with `sam`, which is a shell script here that does nothing: the service has the functions
already. It asks CloudFormation for their names and CloudWatch Logs for what handlers logged; both are played by
a thread of this program, from the template and from the service's log file.
"""

import argparse
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import xml.sax.saxutils

import yaml
from checks import REGION

# Those that do not depend on a language.
SUITES = "step wait child callback invoke wait_for_condition wait_for_callback parallel map".split()

# Requirements that are not met, each with the reason. An id that passes must not stay here.
EXCEPTIONS = {}

# Most of a requirement's time is waiting: for declared delays, and for logs that could come late.
WORKERS = 16


class Stub(http.server.ThreadingHTTPServer):
    """CloudFormation and CloudWatch Logs, as far as the suite asks them."""

    daemon_threads = True

    def __init__(self, names, log_file):
        super().__init__(("127.0.0.1", 0), Handler)
        self.names, self.log_file = names, log_file
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request: CloudFormation's are forms, those for logs have a target."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
            return self.answer("application/x-amz-json-1.1", json.dumps({"events": self.events(json.loads(body))}))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form["Action"]
        result = {
            "ListStackResources": self.list_resources,
            "DescribeStackResource": self.describe_resource,
            "DeleteStack": lambda form: "",
        }[action](form)
        namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
        self.answer(
            "text/xml",
            f'<{action}Response xmlns="{namespace}"><{action}Result>{result}</{action}Result>'
            f"<ResponseMetadata><RequestId>stub</RequestId></ResponseMetadata></{action}Response>",
        )

    def list_resources(self, form):
        members = "".join(f"<member>{self.resource(logical)}</member>" for logical in self.server.names)
        return f"<StackResourceSummaries>{members}</StackResourceSummaries>"

    def describe_resource(self, form):
        return f"<StackResourceDetail>{self.resource(form['LogicalResourceId'])}</StackResourceDetail>"

    def resource(self, logical):
        fields = {
            "LogicalResourceId": logical,
            "PhysicalResourceId": self.server.names[logical],
            "ResourceType": "AWS::Lambda::Function",
            "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        return "".join(f"<{name}>{xml.sax.saxutils.escape(value)}</{name}>" for name, value in fields.items())

    def events(self, request):
        """Returns the lines of the execution that the filter names, in the order of the log file."""
        found = []
        with open(self.server.log_file) as file:
            for line in file:
                if not line.endswith("\n"):
                    continue
                record = json.loads(line)
                arn = record.get("durableExecutionArn") or record.get("executionArn")
                # { ($.durableExecutionArn = "ARN") || ($.executionArn = "ARN") }
                if arn and json.dumps(arn) in request["filterPattern"]:
                    found.append({"message": line.rstrip("\n"), "timestamp": len(found), "ingestionTime": 0})
        return found

    def answer(self, content_type, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def names(template):
    """Returns the names of a template's functions, by their logical ids."""
    resources = yaml.safe_load(pathlib.Path(template).read_text())["Resources"]
    return {
        logical: resource["Properties"].get("FunctionName", logical)
        for logical, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def run(options, directory):
    """Runs the suite's command in a directory of its own, and returns its report."""
    shim = directory / "bin" / "sam"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 0\n")
    shim.chmod(0o755)
    stub = Stub(names(options.template), options.log_file)
    environment = os.environ | {
        "AWS_ENDPOINT_URL_LAMBDA": options.endpoint,
        "AWS_ENDPOINT_URL_CLOUDFORMATION": stub.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": stub.url,
        "AWS_ACCESS_KEY_ID": "judge",
        "AWS_SECRET_ACCESS_KEY": "judge",
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = pathlib.Path(sys.executable).with_name("durable-execution-conformance")
    done = subprocess.run(
        [
            *(command, "--template", pathlib.Path(options.template).resolve(), "--language", "rust"),
            *("--region", REGION, "--max-workers", str(WORKERS), "--suite", *options.suite),
            *("--report", "json", "--report-file", directory / "report", "--history-dir", directory / "histories"),
        ],
        env=environment,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stub.shutdown()
    report = directory / "report.json"
    if not report.exists():
        sys.exit(f"FAIL the command: expected a report, got {done.returncode}:\n{done.stdout}")
    return json.loads(report.read_text())


def judge(results):
    """Prints a line for each id, and returns how many are not as they should be."""
    wrong = 0
    for result in sorted(results, key=lambda result: [int(part) for part in result["id"].split("-")]):
        name = f"{result['id']} {result['description']}"
        reason = EXCEPTIONS.get(result["id"])
        if result["status"] == "PASSED" and reason is None:
            print("ok", name)
        elif result["status"] != "PASSED" and reason is not None:
            print("excepted", f"{name}: {reason}")
        else:
            wrong += 1
            got = "; ".join(result["errors"]) or result["status"]
            print(f"FAIL {name}: expected {'PASSED' if reason is None else 'no success'}, got {got}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True, help="where the service listens, http://127.0.0.1:PORT")
    parser.add_argument("--template", required=True, help="the template that the service was started with")
    parser.add_argument("--log-file", required=True, help="where the service writes what handlers log")
    parser.add_argument("--suite", nargs="+", default=SUITES, choices=SUITES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="durabox-conformance-") as directory:
        results = run(options, pathlib.Path(directory))["results"]
    wrong = judge(results)
    print(f"{len(results) - wrong} of {len(results)} as expected, {len(EXCEPTIONS)} exceptions")
    # An optional requirement counts here too, and one that no function of the template answers.
    sys.exit(1 if wrong or not results else 0)


if __name__ == "__main__":
    main()
