// Durable handlers written with the official JavaScript SDK.

import { withDurableExecution } from "@aws/durable-execution-sdk-js";

const retryStrategy = (_, attempt) => ({ shouldRetry: attempt < 3, delay: { seconds: 1 } });

const flaky = async (step) => {
  if (step.attempt === 1) throw new Error("the first attempt fails");
  return step.attempt;
};

// A step, a retried step, a wait, a map, and an invoke of a component.
export const everything = withDurableExecution(async (event, context) => {
  const name = await context.step("title", async () => event.name[0].toUpperCase() + event.name.slice(1));
  const attempts = await context.step("flaky", flaky, { retryStrategy });
  await context.wait("pause", { seconds: 1 });
  const batch = await context.map("squares", [1, 2, 3], async (branch, item) =>
    branch.step(`square ${item}`, async () => item * item),
  );
  const greeting = await context.invoke("greet", "hello_world:$LATEST", { name });
  return { greeting, attempts, squares: batch.getResults() };
});

// A callback: its result is the handler's.
export const approval = withDurableExecution(async (_, context) => {
  const answer = await context.waitForCallback("approval", async (callbackId) => {
    console.log("answer the callback", callbackId);
  });
  return `approved by ${answer}`;
});

// A handler that fails after a step.
export const fails = withDurableExecution(async (_, context) => {
  await context.step("before", async () => null);
  throw new RangeError("the order is bad");
});
