// The decoder gives what each vector states, whole and byte by byte. Run it after a build.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { FrameDecoder } from "../dist/esm/runtime/sse.js";

const vectors = JSON.parse(readFileSync(new URL("sse.json", import.meta.url), "utf8"));

function decoded(chunks) {
  const decoder = new FrameDecoder();
  const frames = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next()) frames.push([decoder.event, decoder.data, decoder.id]);
  }
  return frames;
}

for (const { name, body, events } of vectors) {
  test(name, () => {
    const bytes = new Uint8Array(Buffer.from(body, "base64"));
    assert.deepEqual(decoded([bytes]), events);
    const cut = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.deepEqual(decoded(cut), events);
  });
}
