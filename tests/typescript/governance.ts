// Services, policies, approvals, webhooks, audit and spending, from end to end.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ConflictError,
  NotFoundError,
  webhooks as received,
  type PolicyRuleList,
} from "../../generated/typescript/src/index.js";
import { WireServer, type WireRequest } from "./wire.js";
import { all, ask, client, gateway } from "./world.js";

test("a service with a credential is kept, and calls of none are refused", async () => {
  const { credentials, services, projects } = client.admin;
  const project = await projects.create({ name: "Services" });
  const mine = { name: "mine", project_id: project.id };
  const stored = await credentials.create({ ...mine, secret: "s3cr3t-of-mine" });
  await credentials.update(stored.id, { host: "api.example.com" });
  const rotated = await credentials.rotate(stored.id, { secret: "another-secret" });
  const base_url = "https://api.example.com";
  const service = await services.create({ ...mine, base_url, credential_id: stored.id });
  await services.update(service.id, { allowed_methods: ["GET"] });
  const [kept] = await all(credentials.list({ project_id: project.id }));
  const [named] = await all(services.list({ project_id: project.id }));

  assert.deepEqual([rotated.last4, kept], ["ret", await credentials.get(stored.id)]);
  assert.deepEqual(named, await services.get(service.id));
  await services.delete(service.id);
  await credentials.delete(stored.id);
  assert.deepEqual(await all(client.services.list()), []);
  const { services: named_, upstream } = client.proxy;
  for (const call of ["get", "post", "put", "patch", "delete"] as const) {
    await assert.rejects(named_[call]("none", "x"), NotFoundError);
    await assert.rejects(upstream[call]("x"), ConflictError);
  }
});

test("a webhook is told, its secret rotated", async () => {
  const arrived: ((request: WireRequest) => void)[] = [];
  const next = () => new Promise<WireRequest>((resolve) => arrived.push(resolve));
  const receiver = await WireServer.start((socket, request) => {
    socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    arrived.shift()?.(request);
  });
  const { projects, webhooks } = client.admin;
  const { id: project_id } = await projects.create({ name: "Webhooks" });
  const webhook = await webhooks.create({ project_id, url: receiver.url });
  const first = next();
  const trial = await webhooks.test(webhook.id);
  const { body, headers } = await first;
  const event = await received.unwrap(body, headers, webhook.secret);
  const { secret } = await webhooks.rotate(webhook.id, { grace_s: 60 });
  const second = next();
  const again = await webhooks.redeliver(webhook.id, trial.id);
  const request = await second;
  for (const either of [webhook.secret, secret]) {
    await received.check(request.body, request.headers, either);
  }
  const update = await webhooks.update(webhook.id, { description: "changed" });
  const [listed] = await all(webhooks.list({ project_id }));
  const deliveries = await all(webhooks.deliveries(webhook.id));
  await webhooks.delete(webhook.id);
  await receiver.stop();

  assert(event.type === "webhook_test");
  assert.deepEqual([event.id, event.data.webhook_id], [trial.event_id, webhook.id]);
  assert.deepEqual([again.event_id, request.body], [event.id, body]);
  assert.equal(update.description, "changed");
  assert.equal(listed?.id, webhook.id);
  assert.equal(deliveries.length, 1);
  await assert.rejects(
    received.check(`${body} `, headers, webhook.secret),
    received.WebhookVerificationError,
  );
  await assert.rejects(webhooks.get(webhook.id), NotFoundError);
  await projects.delete(project_id);
});

test("a policy is tried, promoted, and gone", async () => {
  const { policies, projects } = client.admin;
  const { id: project_id } = await projects.create({ name: "Policies" });
  const rules: PolicyRuleList = [
    { when: { type: "always" }, then: [{ type: "deny", message: "No." }] },
  ];
  const wanted = { name: "No", mode: "shadow" as const, phase: "pre" as const, rules };
  const policy = await policies.create({ ...wanted, project_id });
  const request = { operation: "messages.create" };
  const tried = await policies.evaluate({ project_id, request });
  await policies.replace(policy.id, wanted);
  const enforced = await policies.update(policy.id, { mode: "enforce" });
  const refused = await policies.evaluate({ project_id, request });
  const [listed] = await all(policies.list({ project_id }));

  assert.deepEqual([tried.decision, refused.decision], ["allow", "deny"]);
  assert.deepEqual([listed, enforced.version], [await policies.get(policy.id), 3]);
  assert.equal((await all(policies.versions(policy.id))).length, 3);
  await policies.delete(policy.id);
  await projects.delete(project_id);
});

test("a request that waits is approved, or withdrawn", async () => {
  const { approvals, keys, policies, projects } = client.admin;
  const { id: project_id } = await projects.create({ name: "Approvals" });
  const { secret } = await keys.create({ name: "k", project_id });
  const rules: PolicyRuleList = [
    { when: { type: "always" }, then: [{ type: "require_approval" }] },
  ];
  await policies.create({ name: "Ask", project_id, mode: "enforce", phase: "pre", rules });
  const caller = gateway.client({ apiKey: secret });
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(ask()) };
  for (const _ of [1, 2]) await fetch(`${gateway.url}/v1/messages`, sent);
  const [second, first] = await all(approvals.list({ project_id }));
  await caller.approvals.cancel(second?.id ?? "");
  await approvals.decide(first?.id ?? "", { decision: "approved" });
  const done = await caller.approvals.get(first?.id ?? "", { wait: 20 });

  assert.deepEqual([done.status, done.response?.status_code], ["approved", 200]);
});

test("what was asked is read again in the audit log", async () => {
  const { auditLogs, sessions } = client.admin;
  const headers = { "X-Session-ID": "a-session" };
  await client.messages.create(ask(), { headers });
  const find = async () => (await all(sessions.list({ session_id: "a-session" })))[0];
  let session = await find();
  while (session === undefined) session = await find();
  const [entry] = await all(auditLogs.list({ session_id: "a-session" }));
  const whole = await auditLogs.get(entry?.id ?? "");
  const told = await all(auditLogs.stream({ after: whole.id, follow: false }));

  assert.equal(told[0]?.type, "audit_log.opened");
  assert.equal(told.at(-1)?.type, "audit_log.closed");
  assert.equal((await sessions.get(session.id)).request_count, 1);
  assert.deepEqual([whole.model, whole.request_body], ["mock/echo", null]);
});

test("what is used is summed up, and what may be spent is bounded", async () => {
  const admin = client.admin;
  const project = await admin.projects.create({ name: "A project that spends" });
  const tags = { team: "a" };
  const key = await admin.keys.create({ name: "spender", project_id: project.id, tags });
  const { id } = key;
  const set = await admin.keys.spendCaps.set(id, "daily", { limit_usd: "2.50" });
  const listed = await admin.keys.spendCaps.list(id);
  const read = await admin.keys.spendCaps.get(id, "daily");
  await admin.keys.spendCaps.delete(id, "daily");
  const ofKey = await admin.keys.usage(id);
  const mine = await client.usage.get({ group_by: "model" });
  const everybody = await admin.usage.get({ group_by: "tag:team" });
  const signals = await client.resilience.get();
  const { data } = await client.health.upstreams();
  const cached = await admin.cache.stats();
  const flushed = await admin.cache.flush();

  assert.deepEqual([set.remaining_usd, listed.data, read], ["2.5", [set], set]);
  assert.deepEqual(key.tags, tags);
  assert.equal(ofKey.requests, 0);
  assert.ok(mine.requests > 0 && mine.groups.length > 0);
  assert.ok(everybody.requests >= mine.requests);
  assert.deepEqual([signals.health_score, data], [1, []]);
  assert.deepEqual([cached.entries, flushed.deleted], [0, 0]);
});
