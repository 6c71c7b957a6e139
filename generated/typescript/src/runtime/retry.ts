// Part of the SDK's fixed runtime: it is the same for every specification.

/** When and how often a call is tried again; times in milliseconds. */
export interface RetryPolicy {
  /** All attempts, the first one included; 1 turns retries off. */
  readonly maxAttempts: number;
  /** The first pause; each further one may be twice as long. */
  readonly baseDelay: number;
  /** The first pause when the server says that it is too busy (429, 503). */
  readonly throttledDelay: number;
  /** No pause of our own choice is longer. */
  readonly maxDelay: number;
  /** A server that asks for a longer pause than this gets none: the error is raised. */
  readonly maxRetryAfter: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 3,
  baseDelay: 50,
  throttledDelay: 1_000,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
};

/** What went wrong with an attempt, as far as the decision to repeat it goes. */
export type Failure =
  /** The request was never sent. */
  | { readonly kind: "connect" }
  /** The connection broke before the head of an answer. */
  | { readonly kind: "reset" }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly code?: string | undefined;
      /** In milliseconds. */
      readonly retryAfter?: number | undefined;
    };

/** Everything that the decision depends on. */
export interface RetryQuestion {
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number;
  readonly failure: Failure;
  readonly policy: RetryPolicy;
  /** Whether doing the request twice does no more than doing it once. */
  readonly repeatable: boolean;
  /** What is left in the client's retry quota. */
  readonly tokens: number;
  /** Milliseconds left of the call's total time. */
  readonly remaining: number;
  /** A random number, at least 0 and below 1. */
  readonly random: number;
}

export type RetryDecision =
  | { readonly retry: true; readonly delay: number; readonly cost: number }
  | {
      readonly retry: false;
      readonly reason: "failure" | "repeatable" | "attempts" | "retry_after" | "quota" | "deadline";
    };

const FULL_QUOTA = 500;
const TRANSIENT_COST = 14;
const THROTTLED_COST = 5;
const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);
const THROTTLED = new Set([429, 503]);
const IN_PROGRESS = "idempotency_in_progress";

/** Decides whether a failed attempt is repeated, and after how long. Pure. */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { attempt, failure, policy } = question;
  if (!isTransient(failure)) return { retry: false, reason: "failure" };
  if (!question.repeatable && !wasRefused(failure)) return { retry: false, reason: "repeatable" };
  if (attempt >= policy.maxAttempts) return { retry: false, reason: "attempts" };
  const asked = failure.kind === "status" ? failure.retryAfter : undefined;
  if (asked !== undefined && asked > policy.maxRetryAfter) {
    return { retry: false, reason: "retry_after" };
  }
  const cost = isThrottled(failure) ? THROTTLED_COST : TRANSIENT_COST;
  if (cost > question.tokens) return { retry: false, reason: "quota" };
  const base = isThrottled(failure) ? policy.throttledDelay : policy.baseDelay;
  const delay = asked ?? backoff(base, attempt, policy.maxDelay, question.random);
  if (delay >= question.remaining) return { retry: false, reason: "deadline" };
  return { retry: true, delay, cost };
}

/** Gives a pause between nothing and `base` doubled for each attempt after the first. */
export function backoff(base: number, attempt: number, cap: number, random: number): number {
  return random * Math.min(cap, base * 2 ** (attempt - 1));
}

/** Whether a status says that the same request may succeed a little later. */
export function isTransientStatus(status: number): boolean {
  return RETRYABLE.has(status);
}

function isTransient(failure: Failure): boolean {
  if (failure.kind !== "status") return true;
  return (
    isTransientStatus(failure.status) || (failure.status === 409 && failure.code === IN_PROGRESS)
  );
}

function wasRefused(failure: Failure): boolean {
  return failure.kind === "connect" || (failure.kind === "status" && failure.status === 429);
}

function isThrottled(failure: Failure): boolean {
  return failure.kind === "status" && THROTTLED.has(failure.status);
}

/** Bounds the retries of all calls of a client, so that an outage is not made worse. */
export class RetryQuota {
  tokens = FULL_QUOTA;

  spend(cost: number): void {
    this.tokens -= cost;
  }

  /** Gives back what a call that succeeded had spent; one that spent nothing adds a little. */
  refund(spent: number): void {
    this.tokens = Math.min(FULL_QUOTA, this.tokens + Math.max(spent, 1));
  }
}

/**
 * Reads how many milliseconds an answer asks to wait (RFC 9110, section 10.2.3).
 *
 * `retry-after-ms` wins over `Retry-After`, which is seconds or a date; a date in the past is 0.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const milliseconds = decimal(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const text = headers.get("retry-after");
  const seconds = decimal(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = text === null || !/[a-z]/i.test(text) ? Number.NaN : httpDate(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function decimal(text: string | null): number | undefined {
  return text !== null && /^\s*\d+(\.\d*)?\s*$/.test(text) ? Number(text) : undefined;
}

/** Of the three forms of HTTP dates only asctime's names no zone; all are in GMT. */
function httpDate(text: string): number {
  return Date.parse(/GMT|UTC|[+-]\d{4}\s*$|Z\s*$/i.test(text) ? text : `${text} GMT`);
}
