// Drives the generated TypeScript SDK through cases of the fault server:
// `node faults.mjs URL FIRST LAST WORKERS`. What was seen goes to the server; what was
// left open is printed.

import { createHash, type Hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Headgate, type AttemptRequest } from "../../../generated/typescript/src/index.js";

interface Case {
  readonly case: number;
  readonly operation: "runs.stream" | "runs.events" | "messages.stream";
  readonly run_id: string;
  readonly starting_after: number | null;
  readonly leave_after: number | null;
  readonly pause: readonly [number, number] | null;
  readonly timeouts: Readonly<Record<"connect" | "first_byte" | "idle" | "total", number>>;
}

type Json = Readonly<Record<string, unknown>>;

const WATCHDOG = 60_000;
const BATCH = 100;
const SETTLED = 100;
const TEXTS = ["text", "thinking", "partial_json"];

/** The caller has had enough. */
class Left extends Error {}

class Hung extends Error {}

/** What arrives of one case. */
class Seen {
  readonly #of: Case;
  readonly #ranges: [number, number][] = [];
  readonly #digest: Hash = createHash("sha256");
  count = 0;

  constructor(of: Case) {
    this.#of = of;
  }

  take(event: Json): void {
    if (event["type"] === "ping") return;
    this.count += 1;
    const inner = object(event["event"]) ?? event;
    const delta = object(inner["delta"]) ?? {};
    const text = TEXTS.map((name) => delta[name]).find((value) => typeof value === "string") ?? "";
    const number = event["sequence_number"];
    this.#digest.update(`${number ?? "-"}:${event["type"]}:${text}\n`);
    this.#extend(typeof number === "number" ? number : this.count);
    if (this.count === this.#of.leave_after) throw new Left();
  }

  result(error: unknown): Json {
    const told: Record<string, unknown> = {
      case: this.#of.case,
      ranges: this.#ranges,
      digest: this.#digest.digest("hex").slice(0, 16),
      ending: ending(error),
    };
    if (error instanceof Error && !(error instanceof Left)) {
      told["message"] = error.message.slice(0, 300);
      const facts = error as unknown as Json;
      for (const [name, told_as] of [
        ["phase", "phase"],
        ["lastEventId", "last_event_id"],
        ["eventsSeen", "events_seen"],
      ] as const) {
        if (name in facts) told[told_as] = facts[name] ?? null;
      }
    }
    return told;
  }

  #extend(number: number): void {
    const last = this.#ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else this.#ranges.push([number, number]);
  }
}

function object(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null ? (value as Json) : undefined;
}

function ending(error: unknown): string {
  if (error === undefined) return "complete";
  if (error instanceof Left) return "left";
  if (error instanceof Hung) return "hung";
  return error instanceof Error ? error.constructor.name : "no error at all";
}

interface Opened extends AsyncIterable<unknown> {
  response(): Promise<unknown>;
}

function opened(client: Headgate, of: Case, seen: Seen): Opened {
  const { connect, first_byte: firstByte, idle, total } = of.timeouts;
  const options = {
    headers: { "X-Fault-Case": String(of.case) },
    timeouts: {
      connect: connect * 1_000,
      firstByte: firstByte * 1_000 - (firstByte < connect ? connect * 1_000 : 0),
      idle: idle * 1_000,
      total: total * 1_000,
    },
    interceptors: [
      {
        beforeRequest({ headers }: AttemptRequest): void {
          headers.set("X-Fault-Delivered", `${seen.count}`);
        },
      },
    ],
  };
  if (of.operation === "runs.events") {
    const after = of.starting_after;
    return client.runs.events(of.run_id, after === null ? {} : { starting_after: after }, options);
  }
  const message = {
    model: "mock/script",
    messages: [{ role: "user" as const, content: "Say something." }],
    max_tokens: 100,
  };
  if (of.operation === "runs.stream") return client.runs.stream({ request: message }, options);
  return client.messages.stream(message, options);
}

async function played(client: Headgate, of: Case): Promise<Json> {
  const seen = new Seen(of);
  const stopped = new AbortController();
  const reading = (async (): Promise<Json> => {
    try {
      const stream = opened(client, of, seen);
      if (of.pause?.[0] === 0) {
        await stream.response();
        await sleep(of.pause[1] * 1_000);
      }
      for await (const event of stream) {
        seen.take(event as Json);
        if (of.pause?.[0] === seen.count) await sleep(of.pause[1] * 1_000);
      }
    } catch (error) {
      return seen.result(error);
    }
    return seen.result(undefined);
  })();
  const watchdog = sleep(WATCHDOG, undefined, { signal: stopped.signal })
    .then(() => seen.result(new Hung()))
    .catch(() => reading);
  const result = await Promise.race([reading, watchdog]);
  stopped.abort();
  return result;
}

/** Takes cases from the server, plays them, and reports in batches. */
class Campaign {
  readonly #url: string;
  readonly #workers: number;
  readonly #client: Headgate;
  #results: Json[] = [];

  constructor(url: string, workers: number) {
    this.#url = url;
    this.#workers = workers;
    const retry = { baseDelay: 2, throttledDelay: 2, maxDelay: 10, quota: 1e9 };
    this.#client = new Headgate({ baseUrl: url, apiKey: "key", retry });
  }

  async run(first: number, last: number): Promise<Json> {
    for (let start = first; start < last; start += 1_000) {
      const cases = await this.#cases(start, Math.min(start + 1_000, last));
      const queue = cases[Symbol.iterator]();
      await Promise.all(Array.from({ length: this.#workers }, () => this.#work(queue)));
    }
    await this.#report();
    const settled = (await this.#fetch("/faults/settled").then((a) => a.json())) as Json;
    return { ...(await leftOpen()), serving: settled["serving"] };
  }

  async #cases(first: number, last: number): Promise<Case[]> {
    const text = await this.#fetch(`/faults/cases?from=${first}&to=${last}`).then((a) => a.text());
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Case);
  }

  async #work(queue: Iterator<Case>): Promise<void> {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      const result = await played(this.#client, next.value);
      this.#results.push(result);
      if (this.#results.length >= BATCH) await this.#report();
    }
  }

  async #report(): Promise<void> {
    const body = this.#results.map((result) => JSON.stringify(result)).join("\n");
    this.#results = [];
    await this.#fetch("/faults/results", { method: "POST", body });
  }

  #fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.#url + path, { ...init, headers: { Connection: "close" } });
  }
}

/** What is still there once the platform's idle connections have had time to close. */
async function leftOpen(): Promise<Json> {
  for (let round = 0; round < SETTLED && (open("TCPSocketWrap") > 0 || open("Timeout") > 0);) {
    round += 1;
    await sleep(100);
  }
  return { sockets: open("TCPSocketWrap"), timers: open("Timeout") };
}

function open(kind: string): number {
  return process.getActiveResourcesInfo().filter((found) => found === kind).length;
}

const [url = "", first = "0", last = "0", workers = "1"] = process.argv.slice(2);
const left = await new Campaign(url, Number(workers)).run(Number(first), Number(last));
console.log(JSON.stringify(left));
process.exit(0);
