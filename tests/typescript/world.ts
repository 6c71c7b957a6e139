// The gateway that the end-to-end tests share, and what they ask of it.

import { after, before } from "node:test";

import type { Headgate, MessageRequest } from "../../generated/typescript/src/index.js";
import { Gateway } from "./gateway.js";

/** A real gateway, from the first test to the last. */
export let gateway: Gateway;
/** A client with both keys. */
export let client: Headgate;

before(async () => {
  gateway = await Gateway.start();
  client = gateway.client();
});
after(() => gateway.stop());

/** A message, played from a script if there is one. */
export function ask(script?: unknown): MessageRequest {
  return {
    model: script === undefined ? "mock/echo" : "mock/script",
    messages: [{ role: "user", content: "Hello out there." }],
    ...(script === undefined ? {} : { metadata: { script } }),
  };
}

/** Everything that comes. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
