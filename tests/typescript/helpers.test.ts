import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import * as v from "valibot";
import { z } from "zod";

import {
  content,
  Headgate,
  HeadgateError,
  parseOutput,
  ResponseDecodeError,
  StreamClosedError,
  toolCalls,
  type MessageResponse,
  type MessageStream,
  type RunStream,
} from "../../generated/typescript/src/index.js";

type Event = Readonly<Record<string, unknown>>;

test("who leaves a stream early is told so, and not that the server cut it", async () => {
  const stream = clientFor(message()).messages.stream({ ...QUESTION, max_tokens: 8 });
  for await (const _event of stream) break;

  await assert.rejects(stream.final(), StreamClosedError);
});

const QUESTION = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };
const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};

function clientFor(events: readonly Event[]): Headgate {
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return new Headgate({
    baseUrl: "http://scripted.invalid",
    retry: { maxAttempts: 1, resumeAttempts: 0 },
    fetch: async () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
  });
}

const begin = (index: number, id: string): Event => ({
  type: "content_block_start",
  index,
  content_block: { type: "tool_use", id, name: "weather", input: {} },
});
const piece = (index: number, partial_json: string): Event => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json },
});
const end = (index: number): Event => ({ type: "content_block_stop", index });
const message = (...events: readonly Event[]): readonly Event[] => [
  { type: "message_start", message: MESSAGE },
  ...events,
  { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: {} },
  { type: "message_stop" },
];
const messageStream = (...events: readonly Event[]): MessageStream =>
  clientFor(message(...events)).messages.stream(QUESTION);

async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test("tool calls are given whole, their input read, wherever the JSON is cut", async () => {
  const text = '{"city": "Malmö \\"C\\"", "days": [1, 2]}';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const stream = messageStream(
      begin(0, "toolu_1"),
      piece(0, text.slice(0, cut)),
      piece(0, text.slice(cut)),
      end(0),
    );

    assert.deepEqual(await listOf(toolCalls(stream)), [
      { type: "tool_use", id: "toolu_1", name: "weather", input: JSON.parse(text) },
    ]);
  }
});

test("a tool call without any text has an empty input", async () => {
  const calls = await listOf(toolCalls(messageStream(begin(0, "toolu_1"), end(0))));

  assert.deepEqual(
    calls.map(({ id, input }) => [id, input]),
    [["toolu_1", {}]],
  );
});

test("a tool call whose text is not JSON raises an error with the text", async () => {
  const stream = messageStream(begin(0, "toolu_1"), piece(0, '{"a"'), end(0));

  await assert.rejects(
    listOf(toolCalls(stream)),
    (error) => error instanceof ResponseDecodeError && error.raw === '{"a"',
  );
});

test("the pieces of a tool's input are given as they come", async () => {
  const stream = messageStream(begin(0, "toolu_1"), piece(0, '{"a"'), piece(0, ": 1}"), end(0));

  assert.deepEqual(await listOf(stream.toolInputDeltas()), ['{"a"', ": 1}"]);
});

const run = (...events: readonly Event[]): RunStream =>
  clientFor(
    events.map((event, index) => ({ ...event, run_id: "run_1", sequence_number: index + 1 })),
  ).runs.stream({ request: QUESTION });
const inRun = (event: Event): Event => ({ type: "stream_event", event });

test("a run's calls come through its messages, without those of an abandoned step", async () => {
  const stream = run(
    inRun(begin(0, "toolu_lost")),
    inRun(piece(0, '{"a": ')),
    { type: "step_abandoned", index: 0, reason: "restart" },
    inRun(end(0)),
    inRun(begin(0, "toolu_kept")),
    inRun(piece(0, '{"b": 2}')),
    inRun(end(0)),
    { type: "run_complete", result: {} },
  );

  assert.deepEqual(
    (await listOf(toolCalls(stream))).map(({ id, input }) => [id, input]),
    [["toolu_kept", { b: 2 }]],
  );
});

test("listeners are called for their kind of event, in order, whoever reads", async () => {
  const told: string[] = [];
  const stream = messageStream(begin(0, "toolu_1"), piece(0, "{}"), end(0))
    .on("content_block_delta", ({ index }) => void told.push(`delta ${index}`))
    .on("content_block_start", (event) => void told.push(`start ${event.content_block.type}`))
    .on("content_block_delta", () => void told.push("delta again"));

  await stream.final();

  assert.deepEqual(told, ["start tool_use", "delta 0", "delta again"]);
});

test("what a listener throws reaches whoever reads the stream", async () => {
  const stream = messageStream(begin(0, "toolu_1"), end(0)).on("content_block_stop", () => {
    throw new RangeError("mine");
  });

  await assert.rejects(stream.untilDone(), RangeError);
});

test("a stream is drained by untilDone", async () => {
  let stops = 0;
  await messageStream(begin(0, "toolu_1"), end(0))
    .on("message_stop", () => void (stops += 1))
    .untilDone();

  assert.equal(stops, 1);
});

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);

test("content is made from text, addresses, bytes, blobs and files", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "content-"));
  const file = path.join(folder, "sound.mp3");
  await writeFile(file, "not looked at");
  const source = { type: "base64", media_type: "image/png", data: "iVBORw0KGgoA" };

  try {
    assert.deepEqual(content.text("hello"), { type: "text", text: "hello" });
    assert.deepEqual(await content.image("https://pictures.test/a.png"), {
      type: "image",
      source: { type: "url", url: "https://pictures.test/a.png" },
    });
    assert.deepEqual(await content.image(PNG), { type: "image", source });
    assert.deepEqual(await content.image(new Blob([PNG])), { type: "image", source });
    assert.deepEqual(await content.audio({ path: file }, { transcript: "la" }), {
      type: "audio",
      transcript: "la",
      source: {
        type: "base64",
        media_type: "audio/mpeg",
        data: Buffer.from("not looked at").toString("base64"),
      },
    });
    assert.deepEqual(content.toolResult("toolu_1", { content: "22", is_error: false }), {
      type: "tool_result",
      tool_use_id: "toolu_1",
      content: "22",
      is_error: false,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a medium of unknown or wrong type is refused, and the argument named", async () => {
  const unknown = Uint8Array.from([1, 2, 3]);

  await assert.rejects(content.image(unknown), /mediaType/);
  await assert.rejects(content.audio(PNG), /image\/png and not audio/);
  await assert.rejects(content.image("pictures/a.png"), HeadgateError);
  await assert.rejects(content.image({ path: "/nowhere/a.png" }), HeadgateError);
  assert.equal((await content.image(unknown, { mediaType: "image/bmp" })).type, "image");
});

const answer = (...texts: readonly string[]): MessageResponse =>
  ({
    ...MESSAGE,
    content: texts.map((text) => ({ type: "text", text })),
  }) as unknown as MessageResponse;

const zodCity = z.object({ city: z.string(), days: z.number().int() });
const valibotCity = v.objectAsync({
  city: v.pipeAsync(
    v.string(),
    v.checkAsync(async (name) => name !== "", "nowhere"),
  ),
  days: v.number(),
});

test("an answer is read by zod and by valibot, fenced or not, sync or async", async () => {
  const plain = answer('{"city": "Malmö",', ' "days": 3}');
  const fenced = answer('```json\n{"city": "Malmö", "days": 3}\n```\n');

  for (const message of [plain, fenced]) {
    const city: { city: string; days: number } = await parseOutput(message, zodCity);

    assert.deepEqual(city, { city: "Malmö", days: 3 });
    assert.deepEqual(await parseOutput(message, valibotCity), { city: "Malmö", days: 3 });
  }
});

test("an answer that does not fit raises an error with its text", async () => {
  const wrong = '{"city": "", "days": "three"}';

  for (const schema of [zodCity, valibotCity]) {
    await assert.rejects(
      parseOutput<unknown>(answer(wrong), schema),
      (error) => error instanceof ResponseDecodeError && error.raw === wrong,
    );
  }
  await assert.rejects(parseOutput(answer("no JSON"), zodCity), ResponseDecodeError);
});
