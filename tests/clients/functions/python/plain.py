"""Functions without an SDK: what a zip is deployed with."""

import json
import os


def first(event, context):
    """A durable handler that ends at once, and says which code ran and what its environment is."""
    print("the first has run")
    return {"Status": "SUCCEEDED", "Result": json.dumps(["first", os.environ.get("COLOUR")])}


def second(event, context):
    """The same, after a change of the code."""
    return {"Status": "SUCCEEDED", "Result": json.dumps(["second", os.environ.get("COLOUR")])}


def echo(event, context):
    """A function that is not durable: it returns what Lambda told it."""
    return {
        "event": event,
        "function": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn,
        "request": context.aws_request_id,
        "remaining": context.get_remaining_time_in_millis(),
        "region": os.environ.get("AWS_REGION"),
        "handler": os.environ.get("_HANDLER"),
    }


def fails(event, context):
    """A function that is not durable and fails."""
    print("about to fail")
    raise ValueError("no such luck")
