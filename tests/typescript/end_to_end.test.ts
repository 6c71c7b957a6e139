import assert from "node:assert/strict";
import { test } from "node:test";

import {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  Headgate,
  HeadgateError,
  NotFoundError,
  OverloadedError,
  RequestCancelledError,
  StreamClosedError,
  vectors,
  toReadableStream,
  type Key,
  type RunStreamEvent,
} from "../../generated/typescript/src/index.js";
import { Messages } from "../../generated/typescript/src/resources/messages.js";
import { all, ask, client, gateway } from "./world.js";
import "./governance.js";
import { called, operations, SPEC, type Declared } from "./operations.js";
import { readJson } from "./vectors.js";
import { WireServer } from "./wire.js";

test("an answer comes whole, with its request id", async () => {
  const { data, response, requestId } = await client.messages.create(ask()).withResponse();

  assert.deepEqual(data.content, [{ type: "text", text: "Hello out there." }]);
  assert.equal(response.status, 200);
  assert.equal(requestId, response.headers.get("X-Request-ID"));
});

test("awaiting a call gives the data alone", async () => {
  const answer = await client.messages.create(ask("text"));

  assert.equal(answer.stop_reason, "end_turn");
});

test("a streamed answer folds to the answer that is not streamed", async () => {
  const script = {
    turns: [
      {
        thinking: "Hm. 漢字",
        signature: "c2ln",
        text: "Ça va? 🌊",
        tools: [{ id: "call_1", name: "look_up", input: { deep: [1, { ü: null }] } }],
        chunk: 2,
      },
    ],
  };
  const streamed = await client.messages.stream(ask(script)).final();
  const whole = await client.messages.create(ask(script));

  assert.deepEqual({ ...streamed, id: "" }, { ...whole, id: "" });
});

test("the pieces of text and of thinking come by themselves", async () => {
  const text = await all(client.messages.stream(ask("thinking")).textDeltas());
  const thinking = await all(client.messages.stream(ask("thinking")).thinkingDeltas());

  assert.equal(text.join(""), "Forty-two.");
  assert.ok(thinking.join("").startsWith("They want a short answer"));
});

test("tokens are counted without asking the model", async () => {
  const counted = await client.messages.countTokens({
    model: "mock/echo",
    messages: [{ role: "user", content: "Hello out there." }],
  });

  assert.ok(counted.input_tokens > 0);
});

test("a provider that breaks off ends the stream with its error", async () => {
  const script = { turns: [{ text: "A long answer.", chunk: 2 }], faults: { error_after: 4 } };
  const stream = client.messages.stream(ask(script));

  await assert.rejects(all(stream), (error) => {
    assert.ok(error instanceof OverloadedError);
    assert.equal(error.code, "overloaded");
    assert.equal(error.status, 200);
    assert.ok(error.requestId);
    return true;
  });
});

test("a run is carried out with its tools", async () => {
  const { run, result } = await client.runs.create({
    request: ask("research"),
    server_tools: ["web_search", "web_fetch"],
  });

  assert.equal(run.status, "completed");
  assert.equal(result?.tool_call_count, 2);
});

test("a run's events are numbered, and fold to its result", async () => {
  const stream = client.runs.stream({
    request: ask("tools"),
    server_tools: ["web_search", "web_fetch"],
  });
  const events: RunStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  const numbers = events.flatMap((event) =>
    "sequence_number" in event ? event.sequence_number : [],
  );

  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
  assert.equal(events.at(-1)?.type, "run_complete");
  assert.equal((await stream.final()).turn_count, 2);
});

test("a run's text comes out of the events that carry an answer's", async () => {
  const text = await all(client.runs.stream({ request: ask("text") }).textDeltas());

  assert.equal(text.join(""), "The sea is calm tonight. Ça va, 漢字, 🌊.");
});

test("a run that is cut twice gives each event once", async () => {
  const script = { turns: [{ text: "One two three four five six.", chunk: 4 }], cut_after: [3, 7] };
  const whole = await all(client.runs.stream({ request: ask({ ...script, cut_after: [] }) }));
  const calls = gateway.calls.length;
  const cut = await all(client.runs.stream({ request: ask(script) }));
  const kinds = (events: readonly RunStreamEvent[]): unknown[] => events.map(({ type }) => type);

  assert.deepEqual(kinds(cut), kinds(whole));
  assert.equal(gateway.calls.length - calls, 3);
});

test("a run in the background is followed, listed and got", async () => {
  const { run } = await client.runs.create({ request: ask("text"), background: true });
  const result = await client.runs.events(run.id).final();
  const listed = await all(client.runs.list({ limit: 1 }));
  const again = await client.runs.get(run.id);

  assert.equal(result.stop_reason, "end_turn");
  assert.equal(again.run.status, "completed");
  assert.ok(listed.some(({ id }) => id === run.id));
});

test("a run is followed from any event on, and no further than its end", async () => {
  const { run } = await client.runs.create({ request: ask("text") });
  const last = run.last_sequence_number;
  const tail = await all(client.runs.events(run.id, { starting_after: last - 2 }));
  const nothing = await all(client.runs.events(run.id, { starting_after: last }));

  assert.equal(tail.length, 2);
  assert.deepEqual(nothing, []);
});

test("what a run has so far is read without waiting for more", async () => {
  const script = { turns: [{ text: "Slow. ".repeat(50), chunk: 4, delay_ms: 200 }] };
  const { run } = await client.runs.create({ request: ask(script), background: true });
  for await (const event of client.runs.events(run.id)) if (event.type === "step_start") break;
  const calls = gateway.calls.length;
  const events = await all(client.runs.events(run.id, { follow: false }));
  await client.runs.cancel(run.id);

  assert.equal(events[0]?.type, "run_start");
  assert.ok(!events.some(({ type }) => type === "run_complete"));
  assert.equal(gateway.calls.length - calls, 2);
});

test("a run is cancelled", async () => {
  const script = { turns: [{ text: "Slow. ".repeat(50), chunk: 4, delay_ms: 200 }] };
  const stream = client.runs.stream({ request: ask(script) });
  const events: RunStreamEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (event.type === "run_start") await client.runs.cancel(event.run_id);
  }

  assert.equal((await stream.final()).stop_reason, "cancelled");
});

test("leaving the loop closes the stream, and the run goes on", async () => {
  const stream = client.runs.stream({ request: ask("text") });
  let id = "";
  for await (const event of stream) {
    if (event.type !== "run_start") continue;
    id = event.run_id;
    break;
  }
  const result = await client.runs.events(id).final();

  assert.equal(result.stop_reason, "end_turn");
  await assert.rejects(stream.final(), StreamClosedError);
});

test("an abort signal ends a stream with the caller's reason", async () => {
  const script = { turns: [{ text: "Slow. ".repeat(50), chunk: 4, delay_ms: 200 }] };
  const controller = new AbortController();
  const stream = client.messages.stream(ask(script), { signal: controller.signal });
  const reading = all(stream.textDeltas());
  setTimeout(() => controller.abort("enough"), 300);

  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof RequestCancelledError);
    assert.equal(error.reason, "enough");
    return true;
  });
});

test("closing a stream ends the loop that waits for it", async () => {
  const script = { turns: [{ text: "Slow. ".repeat(50), chunk: 4, delay_ms: 200 }] };
  const stream = client.messages.stream(ask(script));
  const reading = all(stream);
  setTimeout(() => stream.close(), 300);

  assert.ok((await reading).length > 0);
});

test("a stream is also one of the platform's own", async () => {
  const events: string[] = [];
  const reader = toReadableStream(client.messages.stream(ask("text"))).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    events.push(String(next.value.type));
  }

  assert.equal(events.at(-1), "message_stop");
});

test("the models are listed and got", async () => {
  const { data } = await client.models.list();
  const model = await client.models.get("mock/echo");

  assert.ok(data.some(({ id }) => id === model.id));
});

test("models are recommended, tokens counted and priced", async () => {
  const candidates = ["gpt-4o", "gpt-4o-mini"];
  const { model } = await client.models.recommend({ strategy: "cost", candidates });
  const counted = await client.tokens.count({ model: "echo", texts: ["abcde", ""] });
  const cost = await client.tokens.cost({ model: model.id, input_tokens: 10, output_tokens: 1 });

  assert.equal(model.id, "openai/gpt-4o-mini");
  assert.deepEqual(counted.per_item, [2, 0]);
  assert.equal(cost.total_cost, 0.0000021);
});

test("a provider is a manifest, which is set and taken away", async () => {
  const manifest = {
    name: "Boathouse",
    base_url: "http://127.0.0.1:11434/v1",
    dialect: "openai-chat" as const,
  };
  const { protocols } = client.admin;
  const verdict = await protocols.validate({ name: "Nowhere", dialect: "openai-chat" });
  const set = await protocols.put("boathouse", manifest);
  const listed = (await client.protocols.list()).data.map(({ id }) => id);
  const own = await client.protocols.get("openai");
  await protocols.delete("boathouse");

  assert.deepEqual(
    verdict.issues.map(({ pointer }) => pointer),
    ["/base_url"],
  );
  assert.equal(set.source, "stored");
  assert.ok(listed.includes("boathouse"));
  assert.equal(own.source, "built_in");
  await assert.rejects(client.protocols.get("boathouse"), NotFoundError);
});

test("an admin key says what it is", async () => {
  const { object, ...seen } = await client.admin.whoami();

  assert.equal(object, "admin_identity");
  assert.deepEqual(seen, { role: "admin", scopes: ["*"], source: "settings" });
});

test("projects and keys are made, changed, read by pages and taken away", async () => {
  const project = await client.admin.projects.create({ name: "harbour" });
  const renamed = await client.admin.projects.update(project.id, { name: "quay" });
  const projects = await all(client.admin.projects.list());
  const names = ["first", "second", "third"];
  for (const name of names) await client.admin.keys.create({ name, project_id: project.id });
  const page = await client.admin.keys.list({ project_id: project.id, limit: 2, order: "asc" });
  const further = await page.nextPage();
  const keys: Key[] = await all(client.admin.keys.list({ project_id: project.id, limit: 1 }));

  assert.equal(renamed.name, "quay");
  assert.ok(projects.some(({ id }) => id === project.id));
  assert.deepEqual([page.data.length, page.hasMore], [2, true]);
  assert.deepEqual([further?.data.length, further?.hasMore], [1, false]);
  assert.equal(await further?.nextPage(), undefined);
  assert.deepEqual(keys.map(({ name }) => name).sort(), names);
  await assert.rejects(client.admin.projects.delete(project.id), ConflictError);
  for (const { id } of keys) await client.admin.keys.delete(id);
  assert.equal((await client.admin.projects.purge(project.id)).deleted.runs, 0);
  assert.equal(await client.admin.projects.delete(project.id), undefined);
  await assert.rejects(client.admin.projects.get(project.id), NotFoundError);
});

test("a key is shown once, rotated and revoked", async () => {
  const project = await client.admin.projects.create({ name: "mole" });
  const { id, secret } = await client.admin.keys.create({ name: "k", project_id: project.id });
  const renamed = await client.admin.keys.update(id, { name: "l" });
  const rotated = await client.admin.keys.rotate(id);
  const own = gateway.client({ apiKey: rotated.secret });
  const answer = await own.messages.create(ask());
  const revoked = await client.admin.keys.revoke(id);

  assert.notEqual(rotated.secret, secret);
  assert.equal(answer.role, "assistant");
  assert.equal(revoked.status, "revoked");
  assert.equal((await client.admin.keys.get(id)).name, renamed.name);
  await assert.rejects(own.messages.create(ask()), (error) => {
    assert.ok(error instanceof AuthenticationError);
    assert.equal(error.code, "key_revoked");
    return true;
  });
});

test("the gateway says how it is, and what it serves", async () => {
  const alive = await client.health.live();
  const ready = await client.health.ready();
  const spec = await client.health.spec();
  const events = await client.health.eventSpec();

  assert.equal(typeof alive, "string");
  assert.equal(ready.ok, true);
  assert.equal(spec["openapi"], (readJson(SPEC) as { openapi: string }).openapi);
  assert.ok(events["$defs"]);
});

test("a chat is completed whole", async () => {
  const { metadata } = ask();
  const completion = await client.chat.completions.create({
    model: "mock/script",
    messages: [{ role: "user", content: "Hello" }],
    metadata: metadata ?? {},
  });

  assert.equal(completion.choices[0]?.message.role, "assistant");
});

test("a person agrees to what the model drafts", async () => {
  const workspaces = client.workspaces;
  const client_id = "a-client-of-the-tests";
  const { workspace } = await workspaces.create({ client_id, mode: "shadow" });
  await workspaces.sendTypingPreview(workspace.id, { text: "Hel" });
  const sent = await workspaces.sendMessage(workspace.id, { content: "Hello" });
  const decision = { decision: "approved", edited_content: "Good day" } as const;
  await workspaces.decideDraft(workspace.id, sent.approval_id ?? "", decision);
  const said = await all(workspaces.getMessages(workspace.id));
  const found = await workspaces.getByClientId(client_id);
  await workspaces.update(workspace.id, { mode: "takeover" });
  await workspaces.endConversation(workspace.id);
  const events = await all(workspaces.events(workspace.id));
  const [listed] = await all(workspaces.list({ client_id }));

  assert.deepEqual([sent.pending_approval, found.exists], [true, true]);
  assert.deepEqual(
    said.map((message) => message.content),
    ["Hello", "Good day"],
  );
  assert.equal(events.at(-1)?.type, "workspace.ended");
  assert.deepEqual(listed, await workspaces.get(workspace.id));
});

test("a refused request raises the class of its error", async () => {
  const wrong = { ...ask(), temperature: 7 };

  await assert.rejects(client.messages.create(wrong), (error) => {
    assert.ok(error instanceof BadRequestError);
    assert.ok(error instanceof HeadgateError);
    assert.deepEqual(
      [error.status, error.code, error.param],
      [400, "validation_failed", "temperature"],
    );
    return true;
  });
});

test("an unknown model is not found, streamed or not", async () => {
  const unknown = { ...ask(), model: "nobody/nothing" };

  await assert.rejects(client.messages.create(unknown), NotFoundError);
  await assert.rejects(client.messages.stream(unknown).final(), NotFoundError);
});

test("a fault that passes is tried again, with the number of the attempt", async () => {
  const attempts: (string | null)[] = [];
  const counting = gateway.client({
    fetch: (url, init) => {
      attempts.push(new Headers(init.headers).get("X-Headgate-Attempt"));
      return fetch(url, init);
    },
  });
  const faults = { http: { status: 503, retry_after: 0, times: 2 } };
  const answer = await counting.messages.create(ask({ turns: [{ text: "There." }], faults }));

  assert.deepEqual(answer.content, [{ type: "text", text: "There." }]);
  assert.deepEqual(attempts, ["1", "2", "3"]);
});

test("one idempotency key gives one run", async () => {
  const options = { idempotencyKey: "only-once" };
  const first = await client.runs.create({ request: ask("text") }, options);
  const second = await client.runs.create({ request: ask("text") }, options).withResponse();

  assert.equal(second.data.run.id, first.run.id);
  assert.equal(second.response.headers.get("Idempotent-Replayed"), "true");
});

test("a resource works alone", async () => {
  const { baseUrl, apiKey } = { baseUrl: gateway.url, apiKey: "hg_v1_a-gateway-key-of-the-tests" };
  const answer = await new Messages({ baseUrl, apiKey }).create(ask());

  assert.equal(answer.type, "message");
});

test("nobody listening is a connection error that says so", async () => {
  const gone = await WireServer.start(() => undefined);
  const lost = new Headgate({ baseUrl: gone.url, retry: { maxAttempts: 1 } });
  await gone.stop();

  await assert.rejects(lost.models.list(), (error) => {
    assert.ok(error instanceof APIConnectionError);
    assert.equal(error.sent, false);
    return true;
  });
});

test("what cannot be sent is refused before it is", () => {
  assert.throws(() => new Headgate({ baseUrl: "ftp://127.0.0.1" }), ConfigurationError);
  assert.throws(() => new Headgate({ baseUrl: "http://key@127.0.0.1" }), ConfigurationError);
});

test("a path parameter stays one segment", async () => {
  await assert.rejects(client.runs.get(".."), ConfigurationError);
  await assert.rejects(client.runs.get("../models"), HeadgateError);
  assert.ok(!gateway.calls.includes("GET /v1/models/"));
});

test("an answer's vectors are the same in both encodings", async () => {
  const request = { model: "mock/embed", input: ["one text", "another"] };
  const plain = await client.embeddings.create({ ...request, encoding_format: "float" });
  const packed = await client.embeddings.create({ ...request, encoding_format: "base64" });
  const [one, other] = vectors.vectorsOf(plain);
  assert.ok(one && other);

  const rounded = [one, other].map((vector) => vector.map(Math.fround));
  assert.deepEqual(vectors.vectorsOf(packed), rounded);
  const [nearest] = vectors.findMostSimilar(one, [other, one], { topK: 1 });
  assert.equal(nearest?.index, 1);
});

const missed = (): Declared[] =>
  operations().filter(({ pattern }) => !gateway.calls.some((call) => pattern.test(call)));

test("operations that no other test calls are where the document says", async () => {
  for (const each of missed()) {
    const error: unknown = await called(client, each).then(
      () => undefined,
      (raised: unknown) => raised,
    );

    if (error === undefined) continue;
    assert.ok(error instanceof APIError, `${each.operation.operationId}: ${String(error)}`);
    assert.ok(error.status !== 405 && error.status !== 500, each.operation.operationId);
  }
});

test("every operation of the specification was called", () => {
  assert.deepEqual(
    missed().map(({ operation }) => operation.operationId),
    [],
  );
});
