// `node decode.mjs CLIENT ENTRY BODY`: CPU a streamed event, no network.
//
// The body lies in memory and reaches the SDK through a `fetch` of its own. ENTRY is the module of
// the SDK; BODY a file with the bytes of EVENTS events.

import { readFileSync } from "node:fs";
import { argv, cpuUsage, stdout } from "node:process";

const PIECE = 16 * 1024;
const REPEATS = 7;
const WARM_UP = 4;
const question = [{ role: "user", content: "Tell me about tea." }];
const model = "example-model-1";

const [name, entry, file, count] = argv.slice(2);
const events = Number(count);
const body = readFileSync(file);
const pieces = [];
for (let start = 0; start < body.length; start += PIECE) {
  pieces.push(new Uint8Array(body.subarray(start, start + PIECE)));
}

async function fetch() {
  let next = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (next === pieces.length) controller.close();
      else controller.enqueue(pieces[next++]);
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

const sdk = await import(entry);
const options = { baseURL: "http://127.0.0.1:1/v1", apiKey: "none", fetch };
const clients = {
  "headgate-chat": () => {
    const client = new sdk.Chat({ ...options, baseUrl: options.baseURL });
    return () => client.chat.completions.stream({ model, messages: question });
  },
  "headgate-messages": () => {
    const client = new sdk.Headgate({ ...options, baseUrl: options.baseURL });
    return () => client.messages.stream({ model, messages: question });
  },
  openai: () => {
    const client = new sdk.OpenAI(options);
    return () => client.chat.completions.create({ model, messages: question, stream: true });
  },
  anthropic: () => {
    const client = new sdk.Anthropic(options);
    return () =>
      client.messages.create({ model, messages: question, max_tokens: 64, stream: true });
  },
};

async function drain(opened) {
  let seen = 0;
  for await (const _ of await opened) seen += 1;
  if (seen < events) throw new Error(`${seen} events of ${events}`);
}

const open = clients[name]();
for (let round = 0; round < WARM_UP; round += 1) await drain(open());
const times = [];
for (let round = 0; round < REPEATS; round += 1) {
  const before = cpuUsage();
  await drain(open());
  const { user, system } = cpuUsage(before);
  times.push((user + system) / events);
}
stdout.write(JSON.stringify(times));
