import assert from "node:assert/strict";
import { test } from "node:test";

import { StreamLimitError } from "../../templates/typescript/runtime/errors.js";
import { wholeFrames } from "../../templates/typescript/runtime/frames.js";
import { lineDecoder } from "../../templates/typescript/runtime/lines.js";

const TEXT = '{"a":1}\r\n\n\x1e{"ü":"漢"}\n{"last":true}';
const DATA = ['{"a":1}', '{"ü":"漢"}', '{"last":true}'];

test("a frame that is an event of its own has its name and its data", () => {
  const whole = wholeFrames({ stored: "json", note: "text" });
  const read = (event: string, data: string): unknown => {
    const frame = whole({ event, data, id: "7" });
    assert.equal(frame.id, "7");
    return JSON.parse(frame.data);
  };

  assert.deepEqual(read("stored", '{"a":1}'), { event: "stored", data: { a: 1 } });
  assert.deepEqual(read("note", "12"), { event: "note", data: "12" });
  assert.deepEqual(read("note", ""), { event: "note", data: "" });
  assert.deepEqual(read("other", "12"), { event: "other", data: 12 });
  assert.deepEqual(read("toString", "plain"), { event: "toString", data: "plain" });
  assert.equal(
    whole({ event: "stored", data: '1,"event":"note"', id: "" }).data,
    '1,"event":"note"',
  );
});

function decode(chunks: readonly Uint8Array[], event = 100): string[] {
  const decoder = lineDecoder({ line: 100, event });
  const texts: string[] = [];
  const read = (): void => {
    while (decoder.next()) texts.push(decoder.data);
  };
  for (const chunk of chunks) {
    decoder.push(chunk);
    read();
  }
  if (decoder.end()) read();
  assert.equal(decoder.end(), false);
  return texts;
}

test("each line is one text, wherever the bytes are cut", () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(decode([bytes.subarray(0, at), bytes.subarray(at)]), DATA, `cut at ${at}`);
  }
});

test("a text beyond the limit is refused, over any number of pieces", () => {
  const pieces = Array.from({ length: 5 }, () => new Uint8Array(3).fill(49));

  assert.deepEqual(decode(pieces, 15), ["1".repeat(15)]);
  assert.throws(() => decode(pieces, 14), StreamLimitError);
});
