import assert from "node:assert/strict";

import { StreamLimitError } from "../../templates/typescript/runtime/errors.js";
import { defaultFrameLimits, frameDecoder } from "../../templates/typescript/runtime/sse.js";
import { joined, runVectors, refuseOtherKeys, type Parts, type VectorFile } from "./vectors.js";

interface VectorEvent {
  readonly event: string;
  readonly data?: string;
  readonly data_parts?: Parts;
  readonly id?: string;
  readonly id_parts?: Parts;
  readonly times?: number;
}

interface Vector {
  readonly name: string;
  readonly input?: string;
  readonly input_base64?: string;
  readonly input_parts?: Parts;
  readonly limits?: { readonly line?: number; readonly event?: number };
  readonly events: readonly VectorEvent[];
  readonly last_event_id: string;
  readonly retry: number | null;
  readonly error?: "line-too-long" | "event-too-long";
  readonly note?: string;
}

interface Outcome {
  readonly events: readonly { event: string; data: string; id: string }[];
  readonly last_event_id: string;
  readonly retry: number | null;
  readonly error: string | null;
}

const VECTOR_KEYS = [
  "input",
  "input_base64",
  "input_parts",
  "limits",
  "events",
  "last_event_id",
  "retry",
  "error",
];
const EVENT_KEYS = ["event", "data", "data_parts", "id", "id_parts", "times"];
const LIMIT_KEYS = ["line", "event"];
const ERRORS = ["line-too-long", "event-too-long"];
const SHORT = 2_048;
const LONG_STEP = 997;

function check(vector: Vector): void {
  refuseOtherKeys(vector.limits ?? {}, LIMIT_KEYS, vector.name);
  for (const event of vector.events) refuseOtherKeys(event, EVENT_KEYS, vector.name);
  if (vector.error !== undefined) assert.ok(ERRORS.includes(vector.error), vector.error);
}

function bytesOf(vector: Vector): Uint8Array {
  if (vector.input_base64 !== undefined) return Buffer.from(vector.input_base64, "base64");
  return new TextEncoder().encode(vector.input ?? joined(vector.input_parts ?? []));
}

function expected(vector: Vector): Outcome {
  const events = vector.events.flatMap((event) => {
    const data = event.data ?? joined(event.data_parts ?? []);
    const id = event.id ?? joined(event.id_parts ?? []);
    return Array.from({ length: event.times ?? 1 }, () => ({ event: event.event, data, id }));
  });
  return {
    events,
    last_event_id: vector.last_event_id,
    retry: vector.retry,
    error: vector.error ?? null,
  };
}

function decode(chunks: Iterable<Uint8Array>, vector: Vector): Outcome {
  const decoder = frameDecoder({ ...defaultFrameLimits, ...vector.limits });
  const events: { event: string; data: string; id: string }[] = [];
  let error: string | null = null;
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      while (decoder.next())
        events.push({ event: decoder.event, data: decoder.data, id: decoder.id });
    }
  } catch (raised) {
    assert.ok(raised instanceof StreamLimitError);
    error = `${raised.limit}-too-long`;
  }
  const { lastEventId, retry } = decoder;
  return { events, last_event_id: lastEventId, retry: retry ?? null, error };
}

function* inChunksOf(size: number, bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}

function* splits(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  const step = bytes.length > SHORT ? LONG_STEP : 1;
  for (let at = 0; at <= bytes.length; at += step) {
    yield [bytes.subarray(0, at), new Uint8Array(0), bytes.subarray(at)];
  }
}

runVectors<VectorFile<Vector>>("sse", { file: [], vector: VECTOR_KEYS }, (vector) => {
  check(vector);
  const bytes = bytesOf(vector);
  const outcome = expected(vector);
  assert.deepEqual(decode([bytes], vector), outcome, "whole");
  for (const size of [1, 2, 3]) {
    assert.deepEqual(decode(inChunksOf(size, bytes), vector), outcome, `by ${size}`);
  }
  for (const chunks of splits(bytes)) {
    assert.deepEqual(decode(chunks, vector), outcome, `split at ${chunks[0]?.length}`);
  }
});
