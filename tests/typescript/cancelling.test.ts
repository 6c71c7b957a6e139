import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  APIConnectionError,
  APIError,
  APITimeoutError,
  Headgate,
  RequestCancelledError,
  ResponseDecodeError,
  toReadableStream,
  type ClientOptions,
  type MessageStream,
} from "../../generated/typescript/src/index.js";
import { WireServer, writeChunk, writeHead, type Script } from "./wire.js";

const REQUEST = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };
const PING = Buffer.from('event: ping\ndata: {"type":"ping"}\n\n');
const EVENTS = { "Content-Type": "text/event-stream", "Transfer-Encoding": "chunked" };

let server: WireServer;
let script: Script = () => undefined;

before(async () => {
  server = await WireServer.start((socket, request) => script(socket, request));
});
after(() => server.stop());

function clientWith(options: ClientOptions = {}): Headgate {
  return new Headgate({ baseUrl: server.url, retry: { maxAttempts: 1 }, ...options });
}

/** A stream whose server sends one event and then nothing, for ever. */
function endless(options: ClientOptions = {}): MessageStream {
  script = (socket) => {
    writeHead(socket, 200, EVENTS);
    writeChunk(socket, PING);
  };
  return clientWith(options).messages.stream(REQUEST);
}

/** Waits until the server sees no connection any more; hangs, and so fails, if one stays. */
async function allClosed(): Promise<void> {
  while (server.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("leaving the loop closes the connection", async () => {
  for await (const event of endless()) {
    assert.equal(event.type, "ping");
    break;
  }

  await allClosed();
});

test("closing a stream closes the connection, before and after it is read", async () => {
  const unread = endless();
  await unread.response();
  unread.close();
  const waiting = endless();
  const events = waiting[Symbol.asyncIterator]();
  await events.next();
  const pending = events.next();
  waiting.close();

  assert.equal((await pending).done, true);
  await allClosed();
});

test("a stream that was closed before it began sends nothing", async () => {
  const count = server.requests.length;
  const stream = endless();
  stream.close();

  assert.equal((await stream[Symbol.asyncIterator]().next()).done, true);
  assert.equal(server.requests.length, count);
});

test("cancelling the platform's stream closes the connection", async () => {
  const reader = toReadableStream(endless()).getReader();
  await reader.read();
  await reader.cancel();

  await allClosed();
});

test("leaving the loop over the text closes the connection", async () => {
  script = (socket) => {
    const delta = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: "a" },
    };
    writeHead(socket, 200, EVENTS);
    writeChunk(socket, Buffer.from(`data: ${JSON.stringify(delta)}\n\n`));
  };
  for await (const text of clientWith().messages.stream(REQUEST).textDeltas()) {
    assert.equal(text, "a");
    break;
  }

  await allClosed();
});

test("an idle stream raises at the idle timeout and closes the connection", async () => {
  const stream = endless({ timeouts: { idle: 100 } });

  await assert.rejects(stream.final(), (error) => {
    assert.ok(error instanceof APITimeoutError);
    assert.equal(error.phase, "idle");
    return true;
  });
  await allClosed();
});

test("a server that never answers runs into the first_byte timeout", async () => {
  script = () => undefined;
  const client = clientWith({ timeouts: { connect: 0, firstByte: 100 } });

  await assert.rejects(client.messages.create(REQUEST), (error) => {
    assert.ok(error instanceof APITimeoutError);
    assert.equal(error.phase, "first_byte");
    return true;
  });
  await allClosed();
});

test("a body that stops runs into the idle timeout", async () => {
  script = (socket) => {
    writeHead(socket, 200, { "Content-Length": "100" });
    socket.write("{");
  };
  const client = clientWith({ timeouts: { idle: 100 } });

  await assert.rejects(client.messages.create(REQUEST), (error) => {
    assert.ok(error instanceof APITimeoutError);
    assert.equal(error.phase, "idle");
    return true;
  });
  await allClosed();
});

test("the total timeout of one call covers its retries", async () => {
  script = (socket) => {
    writeHead(socket, 503, { "Content-Length": "0", "Retry-After": "30" });
    socket.end();
  };
  const client = clientWith({ retry: { maxAttempts: 3 } });

  await assert.rejects(
    client.messages.create(REQUEST, { timeouts: { total: 2_000 } }),
    (error) => error instanceof APIError && error.retryAfter === 30,
  );
});

test("a limit of the first byte that stands alone bounds the way to the server too", async () => {
  script = (): void => undefined;
  const request = (given: object): Promise<unknown> =>
    clientWith({ retry: { maxAttempts: 1 } }).messages.create(REQUEST, { timeouts: given });
  const limits: string[] = [];
  for (const given of [{ firstByte: 40 }, { firstByte: 40, connect: 20 }]) {
    const error: unknown = await request(given).catch((raised: unknown) => raised);
    assert.ok(error instanceof APITimeoutError && error.phase === "first_byte");
    limits.push(error.message);
  }

  assert.deepEqual(limits, [
    "first_byte timeout of 40 ms passed",
    "first_byte timeout of 60 ms passed",
  ]);
});

test("a signal that was aborted before sends nothing", async () => {
  const count = server.requests.length;
  const signal = AbortSignal.abort("no");

  await assert.rejects(clientWith().models.list(undefined, { signal }), (error) => {
    assert.ok(error instanceof RequestCancelledError);
    assert.equal(error.reason, "no");
    return true;
  });
  assert.equal(server.requests.length, count);
});

test("a signal ends a call that waits, and the connection", async () => {
  script = () => undefined;
  const controller = new AbortController();
  const call = clientWith().messages.create(REQUEST, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("leaving")), 50);

  await assert.rejects(call, (error) => {
    assert.ok(error instanceof RequestCancelledError);
    assert.equal((error.reason as Error).message, "leaving");
    return true;
  });
  await allClosed();
});

test("a signal ends the pause before a retry", async () => {
  script = (socket) => {
    writeHead(socket, 503, { "Content-Length": "0", "Retry-After": "60" });
    socket.end();
  };
  const controller = new AbortController();
  const client = clientWith({ retry: { maxAttempts: 2 } });
  const call = client.messages.create(REQUEST, { signal: controller.signal });
  setTimeout(() => controller.abort("enough"), 200);

  await assert.rejects(call, RequestCancelledError);
});

test("a body that breaks off is a connection error, and is not asked for again", async () => {
  const count = server.requests.length;
  script = (socket) => {
    writeHead(socket, 200, { "Content-Length": "100" });
    socket.end("{");
  };

  await assert.rejects(clientWith({ retry: {} }).messages.create(REQUEST), APIConnectionError);
  assert.equal(server.requests.length, count + 1);
});

test("a redirect is not followed: it could carry the credentials elsewhere", async () => {
  const count = server.requests.length;
  script = (socket) => {
    writeHead(socket, 307, { "Content-Length": "0", Location: "/v1/elsewhere" });
    socket.end();
  };

  await assert.rejects(clientWith({ apiKey: "key" }).messages.create(REQUEST), (error) => {
    assert.ok(error instanceof APIError);
    assert.equal(error.status, 307);
    return true;
  });
  assert.equal(server.requests.length, count + 1);
});

test("a page of HTML is no answer, whole or streamed", async () => {
  script = (socket) => {
    const body = "<html>";
    writeHead(socket, 200, { "Content-Type": "text/html", "Content-Length": `${body.length}` });
    socket.end(body);
  };

  for (const call of [
    clientWith().messages.create(REQUEST),
    clientWith().messages.stream(REQUEST).final(),
  ]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof ResponseDecodeError);
      assert.equal(error.raw, "<html>");
      return true;
    });
  }
});

test("whoever throws inside the loop closes the connection", async () => {
  const read = async (): Promise<void> => {
    for await (const event of endless()) throw new Error(String(event.type));
  };

  await assert.rejects(read, { message: "ping" });
  await allClosed();
});
