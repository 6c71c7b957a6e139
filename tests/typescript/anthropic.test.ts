// The real, unmodified `@anthropic-ai/sdk` works on `/v1/messages`, as far as the two agree:
// tools say their `type`, and counting has a path of its own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import Anthropic, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "@anthropic-ai/sdk";

import { API_KEY, Gateway } from "./gateway.js";

const ASKED = {
  model: "mock/echo",
  max_tokens: 1000,
  messages: [{ role: "user" as const, content: "Hello out there." }],
};

let gateway: Gateway;
let anthropic: Anthropic;

before(async () => {
  gateway = await Gateway.start();
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: API_KEY, maxRetries: 0 });
});

after(() => gateway.stop());

/** A request of the scripted model that plays these turns. */
function scripted(turns: object[], faults: object = {}) {
  // The package knows one field of metadata; the gateway takes any JSON.
  const metadata = { script: { turns, faults } } as Anthropic.Metadata;
  return { ...ASKED, model: "mock/script", metadata };
}

test("a message is read whole", async () => {
  const answer = await anthropic.messages.create(ASKED);

  assert.deepEqual(
    answer.content.map((block) => block.type === "text" && block.text),
    ["Hello out there."],
  );
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.usage.output_tokens > 0);
});

test("the package's sum of a stream is the whole answer", async () => {
  const turn = {
    thinking: "Hm.",
    signature: "c2ln",
    text: "I add.",
    tools: [{ id: "call_1", name: "add", input: { a: 1 } }],
    chunk: 2,
  };
  const summed = await anthropic.messages.stream(scripted([turn])).finalMessage();
  const whole = await anthropic.messages.create(scripted([turn]));

  assert.deepEqual(summed.content, whole.content);
  assert.equal(summed.stop_reason, "tool_use");
});

test("every event comes as the package knows it", async () => {
  const stream = await anthropic.messages.create({ ...ASKED, stream: true });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);

  assert.equal(types[0], "message_start");
  assert.equal(types.at(-1), "message_stop");
});

test("models are listed and looked up", async () => {
  const ids: string[] = [];
  for await (const model of anthropic.models.list()) ids.push(model.id);

  assert.ok(ids.includes("mock/echo"));
  assert.equal((await anthropic.models.retrieve("mock/echo")).display_name, "Echo");
});

const FAILURES: [object, new (...given: never[]) => Error][] = [
  [{ model: "no/such" }, NotFoundError],
  [{ max_tokens: 0 }, BadRequestError],
  [{ model: "groq/any" }, AuthenticationError],
  [scripted([{}], { http: { status: 429 } }), RateLimitError],
  [scripted([{}], { http: { status: 500 } }), InternalServerError],
];
for (const [fields, kind] of FAILURES) {
  test(`a failure is the package's own ${kind.name}`, async () => {
    await assert.rejects(anthropic.messages.create({ ...ASKED, ...fields }), kind);
  });
}

test("a failure in a stream is raised", async () => {
  const request = scripted([{ text: "Hello there." }], { error_after: 3 });
  const stream = await anthropic.messages.create({ ...request, stream: true });

  await assert.rejects(async () => {
    for await (const _ of stream);
  }, /reported an error/);
});

test("a stream that is aborted is over for the gateway too", async () => {
  const request = scripted([{ text: "on and on ", repeat: 1000, delay_ms: 20 }]);
  const stream = anthropic.messages.stream(request);
  for await (const _ of stream) {
    assert.equal(await gateway.openStreams(), 1);
    stream.abort();
    break;
  }
  await gateway.untilNoStreamIsOpen();
});
