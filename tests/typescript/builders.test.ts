import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ChatCompletionsBuilder,
  Headgate,
  untilDecided,
} from "../../generated/typescript/src/index.js";
import { WireServer, writeHead } from "./wire.js";
import { readJson, refuseOtherKeys, runVectors, type VectorFile } from "./vectors.js";

type Step = readonly [name: string, ...arguments: unknown[]];

interface Branch {
  readonly steps: readonly Step[];
  readonly request: object;
}

interface Vector extends Branch {
  readonly name: string;
  readonly arguments: readonly [string];
  readonly branches?: readonly Branch[];
}

const KEYS = { file: [], vector: ["arguments", "steps", "request", "branches"] };

function clientFor(answer: () => Response): { client: Headgate; sent: unknown[] } {
  const sent: unknown[] = [];
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    fetch: async (_, { body }) => {
      sent.push(JSON.parse(String(body)));
      return answer();
    },
  });
  return { client, sent };
}

/** Begins with the arguments of a vector. */
function begun(client: Headgate, { arguments: [model] }: Vector): ChatCompletionsBuilder {
  return new ChatCompletionsBuilder(client.chat.completions, { model });
}

/** Takes further steps, each by its camel-case name. */
function taken(start: ChatCompletionsBuilder, steps: readonly Step[]): ChatCompletionsBuilder {
  return steps.reduce((builder, [name, ...given]) => {
    const step = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const take: unknown = Reflect.get(builder, step) ?? Reflect.get(builder, name);
    assert.ok(typeof take === "function", `a step ${name}`);
    return Reflect.apply(take, builder, given) as ChatCompletionsBuilder;
  }, start);
}

runVectors<VectorFile<Vector>>("builders", KEYS, (vector) => {
  const { client } = clientFor(() => Response.json({}));
  const start = taken(begun(client, vector), vector.steps);

  assert.deepEqual(start.request(), vector.request);
  for (const branch of vector.branches ?? []) {
    refuseOtherKeys(branch, ["steps", "request"], vector.name);
    assert.deepEqual(taken(start, branch.steps).request(), branch.request);
    assert.deepEqual(start.request(), vector.request);
  }
});

test("a call sends the request that the steps come to, a stream asks to be one", async () => {
  const file = readJson("spec/vectors/builders/steps.json") as VectorFile<Vector>;
  const vector = file.vectors.find(({ name }) => name === "every-turn");
  assert.ok(vector);
  const done = "data: [DONE]\n\n";
  const { client, sent } = clientFor(() =>
    sent.length === 1
      ? Response.json({})
      : new Response(done, { headers: { "Content-Type": "text/event-stream" } }),
  );
  const built = taken(begun(client, vector), vector.steps);

  await built.execute();
  await built.stream().untilDone();

  assert.deepEqual(sent, [
    { ...vector.request, stream: false },
    { ...vector.request, stream: true },
  ]);
});

const COMPLETION = { id: "chatcmpl_1", object: "chat.completion", choices: [] };

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** A builder's call to a server that gives these answers one after another. */
async function asking(
  answers: readonly Answer[],
  call: (builder: ChatCompletionsBuilder) => Promise<void>,
): Promise<void> {
  const server = await WireServer.start((socket) => {
    const { status, headers, body = {} } = answers[server.requests.length - 1] ?? { status: 500 };
    const text = JSON.stringify(body);
    writeHead(socket, status, { ...headers, "Content-Length": `${text.length}` });
    // Later than the head, so that a duration which ended with that would be too short.
    setTimeout(() => socket.end(text), 30);
  });
  const retry = { baseDelay: 1, throttledDelay: 1 };
  const client = new Headgate({ baseUrl: server.url, apiKey: "key", retry });
  try {
    await call(new ChatCompletionsBuilder(client.chat.completions, { model: "m" }));
  } finally {
    await server.stop();
  }
}

for (const failures of [0, 1]) {
  test(`a call says what it took, also after ${failures} failures`, async () => {
    const success = { status: 200, headers: { "X-Request-ID": "req_2" }, body: COMPLETION };
    const answers = [...Array<Answer>(failures).fill({ status: 503 }), success];

    await asking(answers, async (builder) => {
      const [completion, { duration, ...stats }] = await builder.executeWithStats();

      assert.equal(completion.id, COMPLETION.id);
      assert.deepEqual(stats, { attempts: failures + 1, status: 200, requestId: "req_2" });
      assert.ok(duration >= 25 && duration < 60_000, `${duration} ms`);
    });
  });
}

test("a call that waits says what the stored answer is, and counts its own attempts", async () => {
  const pending = { object: "approval.pending", approval_id: "a", status: "pending" };
  const headers = { "X-Request-ID": "req_2" };
  const kept = { status_code: 201, headers, body: COMPLETION };
  const answers = [
    { status: 503 },
    { status: 202, headers: { "X-Headgate-Approval": "a" }, body: pending },
    { status: 200, body: { id: "a", status: "approved", response: kept } },
  ];

  await asking(answers, async (builder) => {
    const options = { waitForApproval: untilDecided(60_000) };
    const [, { duration: _, ...stats }] = await builder.executeWithStats(options);

    assert.deepEqual(stats, { attempts: 2, status: 201, requestId: "req_2" });
  });
});

test("a caller's own interceptors look on as well", async () => {
  const seen: number[] = [];
  const beforeRequest = ({ attempt }: { attempt: number }): void => void seen.push(attempt);

  await asking([{ status: 503 }, { status: 200, body: COMPLETION }], async (builder) => {
    const [, stats] = await builder.executeWithStats({ interceptors: [{ beforeRequest }] });

    assert.deepEqual([seen, stats.attempts, stats.requestId], [[1, 2], 2, undefined]);
  });
});
