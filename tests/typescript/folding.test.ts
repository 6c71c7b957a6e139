import assert from "node:assert/strict";

import { Headgate } from "../../generated/typescript/src/index.js";
import { joined, runVectors, type Parts, type VectorFile } from "./vectors.js";

type Event = Readonly<Record<string, unknown>>;
type Repeated = { readonly times: number; readonly event: Event };

interface Vector {
  readonly name: string;
  readonly stream: "message" | "run" | "chat";
  readonly events: readonly (Event | Repeated)[];
  readonly folded: unknown;
  readonly splits?: { readonly event: number; readonly at: string };
}

const KEYS = { file: [], vector: ["stream", "events", "folded", "splits"] };

function spelledOut(vector: Vector): Event[] {
  return vector.events.flatMap((each) =>
    "times" in each
      ? Array.from({ length: each.times as number }, () => each.event as Event)
      : [each as Event],
  );
}

/** Replaces `{"$parts": …}` by the long text that it stands for. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  if ("$parts" in value) return joined(value.$parts as Parts);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, expanded(each)]));
}

function withText(event: Event, path: readonly string[], text: string): Event {
  const [first = "", ...rest] = path;
  const value = rest.length === 0 ? text : withText(event[first] as Event, rest, text);
  return { ...event, [first]: value };
}

function textAt(event: Event, path: readonly string[]): string {
  return path.reduce<unknown>((value, key) => (value as Event)[key], event) as string;
}

/** The events as they are, with one of them in two at each place, and by one character. */
function* variants(vector: Vector): Generator<Event[]> {
  const events = spelledOut(vector);
  yield events;
  if (vector.splits === undefined) return;
  const { event: place, at } = vector.splits;
  const path = at.split(".");
  const event = events[place];
  assert.ok(event !== undefined, "the split event exists");
  const letters = [...textAt(event, path)];
  for (let cut = 0; cut <= letters.length; cut += 1) {
    const pieces = [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
    yield events.toSpliced(place, 1, ...pieces.map((piece) => withText(event, path, piece)));
  }
  yield events.toSpliced(place, 1, ...letters.map((letter) => withText(event, path, letter)));
}

/** Reads events that need not end: what they come to so far is what counts. */
async function fold(stream: Vector["stream"], events: readonly Event[]): Promise<unknown> {
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  const client = new Headgate({
    baseUrl: "http://scripted.invalid",
    retry: { maxAttempts: 1, resumeAttempts: 0 },
    fetch: async () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
  });
  const request = { model: "mock/script", messages: [{ role: "user" as const, content: "Hello" }] };
  const opened = {
    message: () => client.messages.stream(request),
    run: () => client.runs.stream({ request }),
    chat: () => client.chat.completions.stream(request),
  }[stream]();
  let seen = 0;
  try {
    for await (const _event of opened as AsyncIterable<unknown>) seen += 1;
  } catch (error) {
    assert.ok(seen < events.length || isTruncation(error), String(error));
  }
  return opened.partial() ?? null;
}

function isTruncation(error: unknown): boolean {
  return error instanceof Error && error.name === "StreamTruncatedError";
}

runVectors<VectorFile<Vector>>("folding", KEYS, async (vector) => {
  for (const events of variants(vector)) {
    assert.deepEqual(await fold(vector.stream, events), expanded(vector.folded));
  }
});
