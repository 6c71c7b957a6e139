import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";

import {
  APITimeoutError,
  ConfigurationError,
  Headgate,
  NotFoundError,
  RequestCancelledError,
  throttle,
  trace,
  type ClientOptions,
  type Extension,
} from "../../generated/typescript/src/index.js";
import { Pace } from "../../templates/typescript/runtime/throttle.js";
import { runVectors, type VectorFile } from "./vectors.js";
import { WireServer, writeChunk, writeHead, type Script } from "./wire.js";

const MODEL = { id: "m", object: "model", created: 1, owned_by: "o", provider: "p", name: "n" };
const ASK = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };
const SHORT = { timeouts: { total: 100 }, maxAttempts: 1 };

interface Vector {
  readonly name: string;
  readonly per_second: number;
  readonly burst: number;
  readonly asked_s: readonly number[];
  readonly waits_s: readonly number[];
}

runVectors<VectorFile<Vector>>(
  "throttle",
  { file: [], vector: ["per_second", "burst", "asked_s", "waits_s"] },
  ({ per_second, burst, asked_s, waits_s }) => {
    const pace = new Pace(per_second, burst);
    const waits = asked_s.map((asked) => pace.turn(asked * 1_000) / 1_000);
    assert.equal(waits.length, waits_s.length);
    for (const [place, wait] of waits.entries()) {
      assert.ok(Math.abs(wait - (waits_s[place] ?? NaN)) < 1e-6, `${wait}, number ${place}`);
    }
  },
);

test("what makes no sense is refused", () => {
  for (const [name, options] of [
    ["inFlight", { inFlight: 0 }],
    ["inFlight", { inFlight: 1.5 }],
    ["perSecond", { perSecond: 0 }],
    ["perSecond", { perSecond: NaN }],
    ["perSecond", { perSecond: Infinity }],
    ["burst", { perSecond: 1, burst: 0 }],
  ] as const) {
    assert.throws(
      () => throttle(options),
      (error) => error instanceof ConfigurationError && error.message.includes(name),
    );
  }
});

/** A server that counts how many it is asked for at once, and holds each for a while. */
class Crowd {
  most = 0;
  readonly asked: string[] = [];
  #here = 0;
  readonly #server = createServer((request, response) => {
    this.#here += 1;
    this.most = Math.max(this.most, this.#here);
    this.asked.push(request.url?.split("/").at(-1) ?? "");
    setTimeout(() => {
      this.#here -= 1;
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(MODEL));
    }, 20);
  });

  async client(...extensions: readonly Extension[]): Promise<Headgate> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    after(() => this.#server.close());
    const { port } = this.#server.address() as AddressInfo;
    return new Headgate({ baseUrl: `http://127.0.0.1:${port}`, extensions });
  }
}

const NAMES = ["m0", "m1", "m2", "m3", "m4"];

test("no more are in flight than allowed, and each gets its answer", async () => {
  const crowd = new Crowd();
  const client = await crowd.client(throttle({ inFlight: 2 }));
  const models = await Promise.all(NAMES.map((name) => client.models.get(name)));

  assert.equal(crowd.most, 2);
  assert.deepEqual(crowd.asked.toSorted(), NAMES);
  assert.ok(models.every(({ id }) => id === "m"));
});

test("who waits goes in the order of the calls", async () => {
  const crowd = new Crowd();
  const client = await crowd.client(throttle({ inFlight: 1 }));
  await Promise.all(NAMES.map((name) => client.models.get(name)));

  assert.deepEqual(crowd.asked, NAMES);
});

test("without a throttle all go at once", async () => {
  const crowd = new Crowd();
  const client = await crowd.client();
  await Promise.all(NAMES.map((name) => client.models.get(name)));

  assert.ok(crowd.most > 2);
});

test("clients of a scope share the places", async () => {
  const crowd = new Crowd();
  const client = await crowd.client(throttle({ inFlight: 1 }));
  const scoped = trace(client, { sessionId: "s" });
  await Promise.all([client.models.get("a"), scoped.models.get("b")]);

  assert.equal(crowd.most, 1);
});

/** A client with one place, and what its server is asked for: one script after another. */
async function alone(scripts: Script[], options: ClientOptions = {}) {
  const server = await WireServer.start((socket, request) => scripts.shift()?.(socket, request));
  after(() => server.stop());
  const extensions = [throttle({ inFlight: 1 })];
  const retry = { baseDelay: 1, throttledDelay: 1 };
  const client = new Headgate({ baseUrl: server.url, extensions, retry, ...options });
  return { client, server };
}

function answered(status: number, body: unknown): Script {
  return (socket) => {
    writeHead(socket, status, { "Content-Type": "application/json" });
    socket.end(JSON.stringify(body));
  };
}

/** A stream of one event, after which nothing comes. */
const endless: Script = (socket) => {
  writeHead(socket, 200, {
    "Content-Type": "text/event-stream",
    "Transfer-Encoding": "chunked",
  });
  writeChunk(socket, Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'));
};

test("an attempt leaves its place to the next one", async () => {
  const { client, server } = await alone([answered(503, {}), answered(200, MODEL)]);

  assert.equal((await client.models.get("m")).id, "m");
  assert.equal(server.requests.length, 2);
});

test("an error leaves its place, and so does a broken connection", async () => {
  const broken: Script = (socket) => void socket.destroy();
  const { client } = await alone([answered(404, {}), broken, answered(200, MODEL)]);

  await assert.rejects(client.models.get("m"), NotFoundError);
  await assert.rejects(client.models.get("m", { maxAttempts: 1 }));
  assert.equal((await client.models.get("m")).id, "m");
});

test("a stream keeps its place until it is closed", async () => {
  const { client, server } = await alone([endless, answered(200, MODEL)]);
  const stream = client.messages.stream(ASK);
  for await (const event of stream) {
    assert.equal(event.type, "ping");
    await assert.rejects(
      client.models.get("m", SHORT),
      (error) => error instanceof APITimeoutError && error.phase === "total",
    );
    assert.equal(server.requests.length, 1);
    break;
  }

  assert.equal((await client.models.get("m")).id, "m");
});

test("a call whose time is over does not wait", async () => {
  const { client, server } = await alone([endless, answered(200, MODEL)]);
  const stream = client.messages.stream(ASK);
  await stream.next();

  await assert.rejects(client.models.get("m", { timeouts: { total: 0 } }), APITimeoutError);
  stream.close();
  assert.equal((await client.models.get("m")).id, "m");
  assert.equal(server.requests.length, 2);
});

test("who waits can be cancelled, and takes no place along", async () => {
  const { client, server } = await alone([endless, answered(200, MODEL)]);
  const stream = client.messages.stream(ASK);
  await stream.next();
  const controller = new AbortController();
  const waiting = client.models.get("m", { signal: controller.signal });
  setTimeout(() => controller.abort("no longer needed"), 20);

  await assert.rejects(
    waiting,
    (error) => error instanceof RequestCancelledError && error.reason === "no longer needed",
  );
  stream.close();
  assert.equal((await client.models.get("m")).id, "m");
  assert.equal(server.requests.length, 2);
});

test("the time for an answer begins when the request is sent", async () => {
  const slow: Script = async (socket, request) => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await answered(200, MODEL)(socket, request);
  };
  const timeouts = { connect: 0, firstByte: 250 };
  const { client } = await alone([slow, slow, slow], { timeouts });
  const calls = ["a", "b", "c"].map((name) => client.models.get(name, { maxAttempts: 1 }));

  assert.equal((await Promise.all(calls)).length, 3);
});

test("a turn beyond the total time is a timeout, and nothing is sent", async () => {
  const extensions = [throttle({ perSecond: 0.001 })];
  const { client, server } = await alone([answered(200, MODEL)], { extensions });
  await client.models.get("m");

  await assert.rejects(
    client.models.get("m", SHORT),
    (error) => error instanceof APITimeoutError && error.phase === "total",
  );
  assert.equal(server.requests.length, 1);
});
