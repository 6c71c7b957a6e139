import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { build } from "esbuild";

import { repositoryFile } from "./repository.js";
import { readJson } from "./vectors.js";

const INSTALL = "the browser is missing: apt-get install -y --no-install-recommends chromium";
const SWITCHES = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-sync",
];
const CUT_AFTER = 4;

interface Recording {
  readonly run_id: string;
  readonly frames: readonly {
    readonly event: string;
    readonly id: string;
    readonly data: string;
  }[];
}

const recording = readJson("spec/vectors/recordings/run.json") as Recording;

const PAGE = `
import { Headgate } from "./index.ts";

const client = new Headgate({ baseUrl: GATEWAY, apiKey: "key", retry: { baseDelay: 0, throttledDelay: 0 } });
const numbers = [];
let outcome;
try {
  const stream = client.runs.stream({ model: "mock/script", messages: [{ role: "user", content: "Hi" }] });
  for await (const event of stream) {
    numbers.push(event.sequence_number);
    if (numbers.length === CUT_AFTER) await fetch("/seen", { method: "POST" });
  }
  const result = await stream.final();
  outcome = { numbers, said: result.response.content };
} catch (error) {
  outcome = { numbers, error: String(error), cause: String(error.cause) };
}
await fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
`;

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

/**
 * Streams a run to pages of any origin; its first connection is cut.
 *
 * It is cut once the page has `seen` what was sent: a browser drops what its page has not read of a
 * connection that breaks.
 */
function gateway(asked: string[], seen: Promise<void>): Server {
  return createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.method === "OPTIONS") return allow(request, response);
    const url = new URL(request.url ?? "", "http://gateway.test");
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    const after = Number(url.searchParams.get("starting_after") ?? 0);
    const isFirst = request.method === "POST";
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const { event, id, data } of recording.frames.slice(
      after,
      isFirst ? CUT_AFTER : undefined,
    )) {
      response.write(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
    }
    if (!isFirst) return void response.end();
    return void seen.then(() => response.destroy());
  });
}

function allow(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "",
  });
  response.end();
}

interface Site {
  readonly server: Server;
  readonly outcome: Promise<unknown>;
}

/** The page: it runs the SDK, calls `see` when it has read up to the cut, and says what came of it. */
async function site(gatewayUrl: string, see: () => void): Promise<Site> {
  const bundle = await build({
    stdin: {
      contents: PAGE,
      resolveDir: repositoryFile("generated/typescript/src"),
    },
    define: { GATEWAY: JSON.stringify(gatewayUrl), CUT_AFTER: String(CUT_AFTER) },
    platform: "browser",
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  let tell: (outcome: unknown) => void;
  const outcome = new Promise<unknown>((resolve) => {
    tell = resolve;
  });
  const server = createServer((request, response) => {
    if (request.url === "/script.js") {
      response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
    } else if (request.url === "/seen") {
      see();
      response.writeHead(204).end();
    } else if (request.url === "/outcome") {
      void text(request).then((said) => tell(JSON.parse(said)));
      response.writeHead(204).end();
    } else {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end(`<!doctype html><script type="module" src="/script.js"></script>`);
    }
  });
  return { server, outcome };
}

/** Fails when the browser does not start, or ends before the page has said anything. */
function failure(browser: ChildProcess): Promise<never> {
  return new Promise((_resolve, reject) => {
    browser.on("error", () => reject(new Error(INSTALL)));
    browser.on("exit", (code) => reject(new Error(`the browser ended with ${code}`)));
  });
}

/** Ends the browser and the processes that it started. */
async function killed(browser: ChildProcess, pid: number): Promise<void> {
  if (browser.exitCode !== null || browser.signalCode !== null) return;
  const ended = once(browser, "exit");
  process.kill(-pid, "SIGKILL");
  await ended;
}

test("a web page of another origin streams a run that is cut on the way", async () => {
  const asked: string[] = [];
  let see = (): void => undefined;
  const seen = new Promise<void>((resolve) => {
    see = resolve;
  });
  const api = gateway(asked, seen);
  const { server, outcome } = await site(await listen(api), see);
  const profile = mkdtempSync(path.join(tmpdir(), "browser-"));
  const browser = spawn(
    "chromium",
    [...SWITCHES, `--user-data-dir=${profile}`, await listen(server)],
    // A group of its own: the browser's children write to the profile until they end.
    { stdio: "ignore", detached: true },
  );
  const failed = failure(browser);
  try {
    assert.deepEqual(await Promise.race([outcome, failed]), {
      numbers: recording.frames.map((_, index) => index + 1),
      said: [{ type: "text", text: "Hello." }],
    });
    assert.deepEqual(asked, [
      "POST /v1/runs:stream",
      `GET /v1/runs/${recording.run_id}/events?starting_after=${CUT_AFTER}`,
    ]);
  } finally {
    failed.catch(() => undefined);
    if (browser.pid !== undefined) await killed(browser, browser.pid);
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    for (const each of [api, server]) {
      each.closeAllConnections();
      each.close();
    }
  }
});
