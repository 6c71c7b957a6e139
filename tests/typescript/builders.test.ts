import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatCompletionsBuilder, Headgate } from "../../generated/typescript/src/index.js";
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
