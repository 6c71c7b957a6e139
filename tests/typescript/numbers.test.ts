import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Headgate,
  PartialJson,
  ResponseDecodeError,
} from "../../generated/typescript/src/index.js";
import { parseJson } from "../../generated/typescript/src/runtime/json.js";

test("a whole number that a double holds is kept", () => {
  for (const text of [
    "9007199254740991",
    "-9007199254740992",
    "18446744073709551616",
    "123456789012345680000",
    '"9007199254740993"',
    '["\\"", "9007199254740993", 0.12345678901234567891, 1e400]',
  ]) {
    assert.deepEqual(parseJson(text), JSON.parse(text));
  }
});

test("a whole number that would be another one is refused", () => {
  for (const text of [
    "9007199254740993",
    '{"a": ["1", -9007199254740993]}',
    "18446744073709551617",
    "9".repeat(400),
  ]) {
    assert.throws(() => parseJson(text), RangeError);
    assert.throws(() => new PartialJson().feed(text).finish(), ResponseDecodeError);
  }
});

test("answers and events are refused rather than changed", async () => {
  const large = '"x":9007199254740993}';
  const answers = [`{"object":"list","data":[],${large}`, `data: {"choices":[],${large}\n\n`];
  const types = ["application/json", "text/event-stream"];
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    fetch: async () =>
      new Response(answers.shift(), { headers: { "content-type": types.shift() ?? "" } }),
  });

  await assert.rejects(client.models.list(), ResponseDecodeError);
  const stream = client.chat.completions.stream({ model: "mock/echo", messages: [] });
  await assert.rejects(stream.final(), ResponseDecodeError);
});
