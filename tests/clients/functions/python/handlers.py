"""Durable handlers written with the official Python SDK."""

import time

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


@durable_execution
def full_batches(event, context: DurableContext):
    """So many results at once that the SDK fills its checkpoints to the last byte."""

    def item(branch, item, index, items):
        time.sleep(1)
        return "x" * 2765

    batch = context.map(list(range(500)), item, name="all")
    return len(batch.get_results())


@durable_execution
def told_meanwhile(event, context: DurableContext):
    """A wait that ends while a step beside it still runs, whose checkpoint then tells of it."""
    context.parallel(
        [
            lambda branch: branch.wait(Duration.from_seconds(1)),
            lambda branch: branch.step(lambda _: time.sleep(2.5), name="slow"),
        ],
        name="both",
    )
    context.wait(Duration.from_seconds(1), name="after")


@durable_execution
def slow(event, context: DurableContext):
    """Two steps, the first of which takes long enough to be paused in."""
    context.step(lambda _: time.sleep(2), name="first")
    return context.step(lambda _: "done", name="second")
