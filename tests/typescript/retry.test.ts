import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigurationError, Headgate } from "../../generated/typescript/src/index.js";
import {
  decideRetry,
  defaultRetryPolicy,
  retryAfter,
  RetryQuota,
  type Failure,
  type RetryPolicy,
} from "../../templates/typescript/runtime/retry.js";
import { runVectors, refuseOtherKeys, type VectorFile } from "./vectors.js";

interface PolicyVector {
  readonly max_attempts: number;
  readonly base_s: number;
  readonly throttled_base_s: number;
  readonly cap_s: number;
  readonly jitter: number;
  readonly retry_after_cap_s: number;
  readonly total_s: number | null;
  readonly quota: number;
  readonly transient_cost: number;
  readonly throttled_cost: number;
}

interface FailureVector {
  readonly kind: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly body_retry_after?: number;
}

interface Decision {
  readonly attempt: number;
  readonly elapsed_s: number;
  readonly policy?: Partial<PolicyVector>;
  readonly quota: number;
  readonly failure: FailureVector;
  readonly idempotency: "key" | "natural" | "none";
  readonly random: number;
  readonly now: number;
  readonly expect: {
    readonly retry: boolean;
    readonly reason: string;
    readonly delay_s?: number;
    readonly quota_after: number;
    readonly retry_after_s?: number;
  };
}

interface Calls {
  readonly random: number;
  readonly calls: readonly {
    readonly times?: number;
    readonly outcomes: readonly string[];
    readonly retries: number;
    readonly ends: string;
    readonly quota_after: number;
  }[];
  readonly attempts?: readonly { readonly wait_s: number; readonly attempt: string }[];
  readonly total_retries?: number;
}

interface File extends VectorFile<(Decision | Calls) & { readonly name: string }> {
  readonly policy: PolicyVector;
  readonly conflict_codes: readonly string[];
}

const POLICY_KEYS = [
  "max_attempts",
  "base_s",
  "throttled_base_s",
  "cap_s",
  "jitter",
  "retry_after_cap_s",
  "total_s",
  "quota",
  "transient_cost",
  "throttled_cost",
];
const FAILURE_KEYS = ["kind", "status", "headers", "code", "retryable", "body_retry_after"];
const KEYS = {
  file: ["policy", "conflict_codes"],
  vector: [
    "attempt",
    "elapsed_s",
    "policy",
    "quota",
    "failure",
    "idempotency",
    "random",
    "now",
    "expect",
    "calls",
    "attempts",
    "total_retries",
  ],
};

function policyOf(stated: PolicyVector): RetryPolicy {
  refuseOtherKeys(stated, POLICY_KEYS, "policy");
  return {
    maxAttempts: stated.max_attempts,
    baseDelay: stated.base_s * 1_000,
    throttledDelay: stated.throttled_base_s * 1_000,
    maxDelay: stated.cap_s * 1_000,
    jitter: stated.jitter,
    maxRetryAfter: stated.retry_after_cap_s * 1_000,
    quota: stated.quota,
    transientCost: stated.transient_cost,
    throttledCost: stated.throttled_cost,
    resumeAttempts: defaultRetryPolicy.resumeAttempts,
  };
}

function failureOf(stated: FailureVector, now: number): Failure {
  refuseOtherKeys(stated, FAILURE_KEYS, "failure");
  switch (stated.kind) {
    case "connect":
    case "timeout_connect":
      return { kind: "connect" };
    case "reset_before_first_byte":
      return { kind: "reset" };
    case "reset_after_first_byte":
    case "timeout_first_byte":
    case "timeout_idle":
    case "timeout_total":
    case "cancelled":
    case "decode":
      return { kind: "final" };
    case "status":
      return {
        kind: "status",
        status: stated.status ?? 0,
        code: stated.code,
        retryAfter: askedFor(stated, now),
      };
    default:
      throw new Error(`this runner does not know the failure ${stated.kind}`);
  }
}

function askedFor(stated: FailureVector, now: number): number | undefined {
  const header = retryAfter(new Headers(stated.headers), now * 1_000);
  const inBody = stated.body_retry_after ?? -1;
  return header ?? (inBody < 0 ? undefined : inBody * 1_000);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000_000;
}

function runDecision(vector: Decision, stated: PolicyVector): void {
  const merged = { ...stated, ...vector.policy };
  const total = merged.total_s === null ? Infinity : merged.total_s;
  const failure = failureOf(vector.failure, vector.now);
  const decision = decideRetry({
    attempt: vector.attempt,
    failure,
    policy: policyOf(merged),
    repeatable: vector.idempotency !== "none",
    tokens: vector.quota,
    remaining: (total - vector.elapsed_s) * 1_000,
    random: vector.random,
  });
  const { retry_after_s: raised, ...expected } = vector.expect;
  const { delay, cost, stop } = decision;
  assert.deepEqual(
    {
      retry: stop === undefined,
      reason: stop ?? (failure.retryAfter === undefined ? "backoff" : "retry_after"),
      ...(stop === undefined && { delay_s: rounded(delay) }),
      quota_after: vector.quota - (stop === undefined ? cost : 0),
    },
    expected.delay_s === undefined
      ? expected
      : { ...expected, delay_s: rounded(expected.delay_s * 1_000) },
  );
  if (raised !== undefined) {
    assert.ok(failure.kind === "status");
    assert.equal(rounded(failure.retryAfter ?? -1), rounded(raised * 1_000));
  }
}

function outcomeOf(text: string): Failure | undefined {
  if (text === "200") return undefined;
  return text === "connect" ? { kind: "connect" } : { kind: "status", status: Number(text) };
}

interface Made {
  readonly waits: readonly number[];
  readonly ends: string;
}

/** Makes one call as the transport does: decide, spend, wait, repeat; refund on success. */
function makeCall(outcomes: readonly string[], quota: RetryQuota, random: number): Made {
  const waits: number[] = [0];
  let spent = 0;
  for (const [index, text] of outcomes.entries()) {
    const failure = outcomeOf(text);
    if (failure === undefined) {
      quota.refund(spent);
      return { waits, ends: text };
    }
    const decision = decideRetry({
      attempt: index + 1,
      failure,
      policy: defaultRetryPolicy,
      repeatable: true,
      tokens: quota.tokens,
      remaining: Infinity,
      random,
    });
    if (decision.stop !== undefined) return { waits, ends: text };
    quota.tokens -= decision.cost;
    spent += decision.cost;
    waits.push(decision.delay);
  }
  throw new Error("the call was made more often than the vector says");
}

function runCalls(vector: Calls): void {
  const quota = new RetryQuota(defaultRetryPolicy.quota);
  const made: Made[] = [];
  for (const call of vector.calls) {
    for (let time = 0; time < (call.times ?? 1); time += 1) {
      const one = makeCall(call.outcomes, quota, vector.random);
      assert.deepEqual([one.waits.length - 1, one.ends], [call.retries, call.ends]);
      made.push(one);
    }
    assert.equal(quota.tokens, call.quota_after);
  }
  if (vector.attempts !== undefined) {
    const attempts = made[0]?.waits.map((wait, index) => ({
      wait_s: rounded(wait),
      attempt: String(index + 1),
    }));
    assert.deepEqual(attempts, vector.attempts);
  }
  if (vector.total_retries !== undefined) {
    const retries = made.map(({ waits }) => waits.length - 1);
    assert.equal(
      retries.reduce((sum, each) => sum + each, 0),
      vector.total_retries,
    );
  }
}

runVectors<File>("retry", KEYS, (vector, file) => {
  assert.deepEqual(policyOf(file.policy), defaultRetryPolicy);
  assert.deepEqual(file.conflict_codes, ["idempotency_in_progress"]);
  if ("calls" in vector) runCalls(vector);
  else runDecision(vector, file.policy);
});

test("a policy that leaves more than all or less than nothing to chance is refused", () => {
  for (const jitter of [-0.1, 1.1, NaN]) {
    assert.throws(
      () => new Headgate({ apiKey: "hg_v1_secret", retry: { jitter } }),
      (error) => error instanceof ConfigurationError && error.message.includes("jitter"),
    );
  }
});
