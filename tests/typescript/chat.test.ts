// Chat completions: chunks that add up, a sentinel that ends them, errors in between.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  Headgate,
  OverloadedError,
  StreamTruncatedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionRequest,
} from "../../generated/typescript/src/index.js";
import { Gateway } from "./gateway.js";

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.start();
});
after(() => gateway.stop());

function ask(script?: string): ChatCompletionRequest {
  return {
    model: "mock/script",
    messages: [{ role: "user", content: "Hello" }],
    ...(script === undefined ? {} : { metadata: { script }, n: 2 }),
  };
}

function piece(content?: string): object {
  const finish_reason = content === undefined ? "stop" : null;
  const delta = content === undefined ? {} : { content };
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "mock/echo",
    choices: [{ index: 0, delta, finish_reason }],
  };
}

/** A client whose every answer is a stream of these frames. */
function answeredBy(...frames: readonly (object | string)[]): Headgate {
  const texts = frames.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
  const body = texts.map((text) => `data: ${text}\n\n`).join("");
  return new Headgate({
    baseUrl: "http://scripted.invalid",
    fetch: async () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
  });
}

function withoutIds(completion: ChatCompletion): unknown {
  const choices = completion.choices.map((choice) => ({
    ...choice,
    message: {
      ...choice.message,
      tool_calls: choice.message.tool_calls?.map((call) => ({ ...call, id: "" })),
    },
  }));
  return { ...completion, id: "", created: 0, choices };
}

for (const script of ["text", "tools", "thinking"]) {
  test(`the chunks of ${script} add up to the answer`, async () => {
    const { completions } = gateway.client().chat;
    const request = { ...ask(script), stream_options: { include_usage: true } };
    const added = await completions.stream(request).final();

    assert.deepEqual(withoutIds(added), withoutIds(await completions.create(ask(script))));
  });
}

test("the sentinel ends the stream, and what follows it is not read", async () => {
  const seen: (string | null | undefined)[] = [];
  const client = answeredBy(piece("a"), "[DONE]", piece("b"));
  for await (const chunk of client.chat.completions.stream(ask())) {
    seen.push(chunk.choices[0]?.delta.content);
  }

  assert.deepEqual(seen, ["a"]);
});

test("a stream without its sentinel was cut", async () => {
  const seen: ChatCompletionChunk[] = [];
  const stream = answeredBy(piece("a"), piece()).chat.completions.stream(ask());

  await assert.rejects(async () => {
    for await (const chunk of stream) seen.push(chunk);
  }, StreamTruncatedError);
  assert.equal(seen.length, 2);
});

test("an error among chunks is raised, though frames have no names", async () => {
  const error = { type: "overloaded_error", code: "overloaded", message: "Too much." };
  const client = answeredBy(piece('The word "error" is no error.'), { error });
  let seen = 0;

  await assert.rejects(async () => {
    for await (const _chunk of client.chat.completions.stream(ask())) seen += 1;
  }, OverloadedError);
  assert.equal(seen, 1);
});
