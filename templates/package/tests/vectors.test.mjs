// The SDK's fixed runtime gives what the vectors state that hold for any API. Run it after a build.
//
// Vectors of errors, headers, lists, folded streams and streams that are taken up again are not
// here: they state the codes, credentials, operations and events of one API, so they are run where
// the generator is made.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { addCookies } from "../dist/esm/runtime/headers.js";
import { PartialJson } from "../dist/esm/runtime/partial.js";
import { redacted, redactedText } from "../dist/esm/runtime/redaction.js";
import { formPairs, percentEncoded, segment } from "../dist/esm/runtime/request.js";
import { decideResume } from "../dist/esm/runtime/resume.js";
import {
  decideRetry,
  defaultRetryPolicy,
  retryAfter,
  RetryQuota,
} from "../dist/esm/runtime/retry.js";
import { frameDecoder } from "../dist/esm/runtime/sse.js";
import * as styles from "../dist/esm/runtime/styles.js";
import { Pace } from "../dist/esm/runtime/throttle.js";
import * as sums from "../dist/esm/runtime/vectors.js";

/** Runs every vector of a file as a test of its own, by its name. */
function each(family, run) {
  const text = readFileSync(new URL(`vectors/${family}.json`, import.meta.url), "utf8");
  for (const vector of JSON.parse(text)) test(`${family}: ${vector.name}`, () => run(vector));
}

function decoded(chunks) {
  const decoder = frameDecoder();
  const frames = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next()) frames.push([decoder.event, decoder.data, decoder.id]);
  }
  return frames;
}

each("sse", ({ body, events }) => {
  const bytes = new Uint8Array(Buffer.from(body, "base64"));
  assert.deepEqual(decoded([bytes]), events);
  const cut = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(decoded(cut), events);
});

const POLICY = {
  max_attempts: ["maxAttempts", 1],
  base_s: ["baseDelay", 1_000],
  throttled_base_s: ["throttledDelay", 1_000],
  cap_s: ["maxDelay", 1_000],
  jitter: ["jitter", 1],
  retry_after_cap_s: ["maxRetryAfter", 1_000],
  quota: ["quota", 1],
  transient_cost: ["transientCost", 1],
  resume_attempts: ["resumeAttempts", 1],
};
/** What ends a call, and what a stream is taken up again after. */
const LOST = ["reset_after_first_byte", "end_of_body", "timeout_first_byte", "timeout_idle"];

function policyOf(stated = {}) {
  const own = Object.entries(stated).map(([key, value]) => {
    const [name, factor] = POLICY[key];
    return [name, value * factor];
  });
  return { ...defaultRetryPolicy, ...Object.fromEntries(own) };
}

function failureOf({ failure: { kind, status, code, headers }, now }, lost) {
  if (kind === "status") {
    return { kind, status, code, retryAfter: retryAfter(new Headers(headers), now * 1_000) };
  }
  if (kind === "connect" || kind === "timeout_connect") return { kind: "connect" };
  if (kind === "reset_before_first_byte") return { kind: "reset" };
  return { kind: LOST.includes(kind) ? lost : "final" };
}

/** Gives milliseconds as seconds, to a microsecond. */
function seconds(milliseconds) {
  return Math.round(milliseconds * 1_000) / 1_000_000;
}

function checkDelay({ expect }, { stop, delay }, { retryAfter: asked }) {
  assert.equal(stop ?? (asked === undefined ? "backoff" : "retry_after"), expect.reason);
  if (expect.delay_s !== undefined) assert.equal(seconds(delay), seconds(expect.delay_s * 1_000));
  if (expect.retry_after_s !== undefined) assert.equal(asked / 1_000, expect.retry_after_s);
}

each("retry", (vector) => {
  const failure = failureOf(vector, "final");
  const decision = decideRetry({
    attempt: vector.attempt,
    failure,
    policy: policyOf(vector.policy),
    repeatable: vector.repeatable,
    tokens: vector.quota,
    remaining: vector.remaining_s === null ? Infinity : vector.remaining_s * 1_000,
    random: vector.random,
  });
  const isRepeated = decision.stop === undefined;
  const cost = isRepeated ? decision.cost : 0;
  assert.equal(isRepeated, vector.expect.retry);
  assert.equal(vector.quota - cost, vector.expect.quota_after);
  checkDelay(vector, decision, failure);
});

/** Makes a call's attempts and gives the wait before each. */
function waitsOf({ outcomes, ends }, quota, random) {
  const waits = [0];
  let spent = 0;
  for (const [index, outcome] of outcomes.entries()) {
    const isLast = index === outcomes.length - 1;
    if (outcome === "200") {
      quota.refund(spent);
      assert.ok(isLast && ends === outcome);
      break;
    }
    const status = Number(outcome);
    const decision = decideRetry({
      attempt: index + 1,
      failure: outcome === "connect" ? { kind: "connect" } : { kind: "status", status },
      policy: defaultRetryPolicy,
      repeatable: true,
      tokens: quota.tokens,
      remaining: Infinity,
      random,
    });
    assert.equal(decision.stop !== undefined, isLast);
    if (isLast) {
      assert.equal(ends, outcome);
      break;
    }
    quota.tokens -= decision.cost;
    spent += decision.cost;
    waits.push(decision.delay);
  }
  return waits;
}

each("calls", (vector) => {
  const quota = new RetryQuota(defaultRetryPolicy.quota);
  const made = [];
  for (const call of vector.calls) {
    for (let time = 0; time < (call.times ?? 1); time += 1) {
      const waits = waitsOf(call, quota, vector.random);
      assert.equal(waits.length - 1, call.retries);
      made.push(waits);
    }
    assert.equal(quota.tokens, call.quota_after);
  }
  if (vector.attempts !== undefined) {
    const stated = vector.attempts.map(({ wait_s: wait }) => wait);
    assert.deepEqual(made[0].map(seconds), stated);
  }
  if (vector.total_retries !== undefined) {
    const retries = made.reduce((sum, waits) => sum + waits.length - 1, 0);
    assert.equal(retries, vector.total_retries);
  }
});

each("resume", (vector) => {
  const failure = failureOf(vector, "reset");
  const decision = decideResume({
    attempt: vector.attempt,
    failure,
    policy: policyOf(vector.policy),
    random: vector.random,
  });
  assert.equal(decision.stop === undefined, vector.expect.reattach);
  checkDelay(vector, decision, failure);
});

each("redaction", (vector) => {
  const secrets = {
    names: vector.names.map((name) => name.toLowerCase()),
    prefixes: vector.prefixes.map((prefix) => prefix.toLowerCase()),
    shown: [vector.open.toLowerCase()],
    values: vector.secrets,
  };
  const isText = vector.class === "urls" || vector.class === "texts";
  const shown = isText ? redactedText(vector.given, secrets) : redacted(vector.given, secrets);
  assert.deepEqual(shown, vector.shown);
});

const SEPARATORS = { form: ",", pipeDelimited: "%7C", spaceDelimited: "%20" };

function inQuery({ style, explode, allow_reserved, value }) {
  const encoded = allow_reserved ? styles.lenient : percentEncoded;
  const isJoined = !explode && typeof value === "object";
  if (style === "json") return styles.asJson(value);
  if (style === "deepObject") return styles.deepObject("c", value, encoded);
  if (isJoined) return styles.delimited("c", value, SEPARATORS[style], encoded);
  return allow_reserved ? styles.reserved("c", value) : value;
}

function inPath({ style, explode, value }) {
  if (style === "json") return styles.asJson(value);
  if (style === "label") return styles.label(value, explode);
  if (style === "matrix") return styles.matrix("c", value, explode);
  return Array.isArray(value) || typeof value !== "object" ? value : styles.simple(value, explode);
}

function inHeader({ style, explode, value }) {
  return style === "json" ? styles.asJson(value) : styles.listed(value, explode);
}

function inCookie(vector) {
  const headers = new Headers();
  addCookies(headers, { c: inHeader({ ...vector, explode: false }) });
  return headers.get("Cookie");
}

const WRITTEN = {
  query: (vector) => formPairs({ c: inQuery(vector) }) || null,
  path: (vector) => segment(inPath(vector)),
  header: (vector) => inHeader(vector) ?? null,
  cookie: inCookie,
};

each("parameters", (vector) => {
  assert.equal(WRITTEN[vector.class](vector), vector.written);
});

each("partial-json", (vector) => {
  const json = new PartialJson();
  for (const [index, letter] of [...vector.text].entries()) {
    json.feed(letter);
    const said = vector.values?.findLast(({ after }) => after <= index + 1);
    if (said !== undefined) assert.deepEqual(json.value(), said.value);
  }
  if ("final" in vector) assert.deepEqual(json.finish(), vector.final);
  else assert.throws(() => json.finish(), { name: "ResponseDecodeError", raw: vector.text });
});

const MEASURES = ["cosine", "dot", "euclidean", "manhattan"];
const ERRORS = { configuration: "ConfigurationError", decode: "ResponseDecodeError" };
const SUMS = {
  measures: ({ a, b }) => MEASURES.map((measure) => sums[measure](a, b)),
  normalize: ({ vector }) => sums.normalize(vector),
  average: ({ vectors }) => sums.average(vectors),
  encodings: ({ vector }) => sums.numbersOf(vector),
  nearest: ({ query, candidates, metric, top_k: topK }) =>
    sums.findMostSimilar(query, candidates, {
      ...(metric === undefined ? {} : { metric }),
      ...(topK === undefined ? {} : { topK }),
    }),
};

/** Compares numbers to one part in 10¹², and everything around them as it is. */
function assertClose(found, stated) {
  if (typeof stated === "number") {
    const most = Math.max(Math.abs(found), Math.abs(stated));
    assert.ok(Math.abs(found - stated) <= 1e-12 * most, `${found} is not ${stated}`);
    return;
  }
  assert.deepEqual(Object.keys(found), Object.keys(stated));
  for (const [key, value] of Object.entries(stated)) assertClose(found[key], value);
}

each("embeddings", (vector) => {
  const sum = SUMS[vector.class];
  if (vector.error !== undefined) {
    assert.throws(() => sum(vector), { name: ERRORS[vector.error] });
    return;
  }
  const stated =
    vector.class === "measures" ? MEASURES.map((measure) => vector[measure]) : vector.expect;
  assertClose(sum(vector), stated);
});

each("throttle", ({ per_second: perSecond, burst, asked_s: asked, waits_s: stated }) => {
  const pace = new Pace(perSecond, burst);
  for (const [place, moment] of asked.entries()) {
    const wait = pace.turn(moment * 1_000) / 1_000;
    assert.ok(Math.abs(wait - stated[place]) < 1e-6, `${wait} is not ${stated[place]}`);
  }
});
