// The real, unmodified `openai` package for Node works against the gateway.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";

import { API_KEY, Gateway } from "./gateway.js";

const SAID = [{ role: "user" as const, content: "Hello out there." }];
const ADD = {
  type: "function" as const,
  function: { name: "add", parameters: { type: "object", properties: {} } },
};

let gateway: Gateway;
let openai: OpenAI;

before(async () => {
  gateway = await Gateway.start();
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: API_KEY, maxRetries: 0 });
});

after(() => gateway.stop());

/** A request of the scripted model that plays these turns. */
function scripted(turns: object[], faults: object = {}) {
  // The package types metadata as texts; the gateway takes any JSON.
  const metadata = { script: { turns, faults } } as unknown as Record<string, string>;
  return { model: "mock/script", messages: SAID, metadata };
}

test("a completion is read whole", async () => {
  const answer = await openai.chat.completions.create({ model: "mock/echo", messages: SAID });

  assert.equal(answer.choices[0]?.message.content, "Hello out there.");
  assert.equal(answer.choices[0]?.finish_reason, "stop");
  assert.ok(answer.usage !== undefined && answer.usage.total_tokens > 0);
  assert.ok(answer._request_id);
});

test("a stream carries the text in pieces and the usage at its end", async () => {
  const stream = await openai.chat.completions.create({
    model: "mock/echo",
    messages: SAID,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let tokens = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    tokens = chunk.usage?.total_tokens ?? 0;
  }

  assert.equal(text, "Hello out there.");
  assert.ok(tokens > 0);
});

test("several answers stream side by side", async () => {
  const request = { ...scripted([{ text: "One of three." }]), n: 3 };
  const stream = await openai.chat.completions.create({ ...request, stream: true });
  const texts = ["", "", ""];
  for await (const chunk of stream) {
    for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? "";
  }

  assert.deepEqual(texts, ["One of three.", "One of three.", "One of three."]);
});

test("the package puts streamed tool calls together", async () => {
  const turn = { text: "I add.", tools: [{ name: "add", input: { a: 1 } }], chunk: 2 };
  const stream = openai.chat.completions.stream({ ...scripted([turn]), tools: [ADD] });
  const said = (await stream.finalChatCompletion()).choices[0]?.message;
  const call = said?.tool_calls?.[0];

  assert.equal(said?.content, "I add.");
  assert.ok(call?.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), { a: 1 });
});

test("the package runs tools itself", async () => {
  const turns = [{ tools: [{ name: "add", input: { a: 1 } }] }, { text: "Done." }];
  const asked: string[] = [];
  const runner = openai.chat.completions.runTools({
    ...scripted(turns),
    tools: [
      {
        type: "function",
        function: {
          name: "add",
          description: "adds",
          parameters: { type: "object", properties: {} },
          function: (input: string) => {
            asked.push(input);
            return "2";
          },
        },
      },
    ],
  });

  assert.equal(await runner.finalContent(), "Done.");
  assert.deepEqual(asked, ['{"a":1}']);
});

test("an answer keeps to a schema", async () => {
  const answer = await openai.chat.completions.create({
    ...scripted([{ text: '{"height":1.5}' }]),
    response_format: {
      type: "json_schema",
      json_schema: {
        name: "tide",
        strict: true,
        schema: { type: "object", properties: { height: { type: "number" } } },
      },
    },
  });

  assert.deepEqual(JSON.parse(answer.choices[0]?.message.content ?? ""), { height: 1.5 });
});

test("embeddings are the same numbers, as bytes or not", async () => {
  const input = ["The tide.", "A boat."];
  const plain = await openai.embeddings.create({
    model: "mock/embed",
    input,
    encoding_format: "float",
  });
  const made = await openai.embeddings.create({ model: "mock/embed", input });

  assert.equal(made.data.length, 2);
  assert.deepEqual(made.data[0]?.embedding, plain.data[0]?.embedding);
});

test("models are listed and looked up", async () => {
  const ids: string[] = [];
  for await (const model of openai.models.list()) ids.push(model.id);

  assert.ok(ids.includes("mock/echo"));
  assert.equal((await openai.models.retrieve("mock/echo")).owned_by, "headgate");
});

const FAILURES: [object, new (...given: never[]) => Error][] = [
  [{ model: "no/such" }, NotFoundError],
  [{ temperature: 9 }, BadRequestError],
  [{ model: "groq/any" }, AuthenticationError],
  [scripted([{}], { http: { status: 429 } }), RateLimitError],
  [scripted([{}], { http: { status: 503 } }), InternalServerError],
];
for (const [fields, kind] of FAILURES) {
  test(`a failure is the package's own ${kind.name}`, async () => {
    const request = { model: "mock/echo", messages: SAID, ...fields };

    await assert.rejects(openai.chat.completions.create(request), kind);
    await assert.rejects(openai.chat.completions.create({ ...request, stream: true }), kind);
  });
}

test("a failure in a stream is raised", async () => {
  const request = scripted([{ text: "Hello there." }], { error_after: 3 });
  const stream = await openai.chat.completions.create({ ...request, stream: true });

  await assert.rejects(async () => {
    for await (const _ of stream);
  }, /reported an error/);
});

test("a stream that is aborted is over for the gateway too", async () => {
  const request = scripted([{ text: "on and on ", repeat: 1000, delay_ms: 20 }]);
  const stream = await openai.chat.completions.create({ ...request, stream: true });
  for await (const _ of stream) {
    assert.equal(await gateway.openStreams(), 1);
    stream.controller.abort();
    break;
  }
  await gateway.untilNoStreamIsOpen();
});

test("a call that is aborted raises the package's own error", async () => {
  const cancel = new AbortController();
  const request = scripted([{ text: "Hello there." }], { stall_after: 0 });
  const call = openai.chat.completions.create(request, { signal: cancel.signal });
  setImmediate(() => cancel.abort());

  await assert.rejects(call, APIUserAbortError);
});
