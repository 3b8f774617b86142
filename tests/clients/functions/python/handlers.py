"""Durable handlers written with the official Python SDK."""

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryDecision


def _flaky(step):
    if step.attempt == 1:
        raise RuntimeError("the first attempt fails")
    return step.attempt


def _retry(error, attempt):
    return RetryDecision(attempt < 3, Duration.from_seconds(1))


@durable_execution
def everything(event, context: DurableContext):
    """A step, a retried step, a wait, a map, and an invoke of a component."""
    name = context.step(lambda _: event["name"].title(), name="title")
    attempts = context.step(_flaky, name="flaky", config=StepConfig(retry_strategy=_retry))
    context.wait(Duration.from_seconds(1), name="pause")
    batch = context.map(
        [1, 2, 3],
        lambda branch, item, index, items: branch.step(lambda _: item * item, name=f"square {item}"),
        name="squares",
    )
    greeting = context.invoke("hello_world:$LATEST", {"name": name}, name="greet")
    return {"greeting": greeting, "attempts": attempts, "squares": batch.get_results()}


@durable_execution
def approval(event, context: DurableContext):
    """A callback: its result is the handler's."""
    answer = context.wait_for_callback(
        lambda callback_id, _: print("answer the callback", callback_id), name="approval"
    )
    return f"approved by {answer}"


@durable_execution
def fails(event, context: DurableContext):
    """A handler that fails after a step."""
    context.step(lambda _: None, name="before")
    raise ValueError("the order is bad")
