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
  /** How much of such a pause is left to chance, from 0 to 1: all of it unless said otherwise. */
  readonly jitter: number;
  /** A server that asks for a longer pause than this gets none: the error is raised. */
  readonly maxRetryAfter: number;
  /** The tokens of a client, of which each retry costs some; success gives them back. */
  readonly quota: number;
  readonly transientCost: number;
  readonly throttledCost: number;
  /** How often a stream is taken up again without a new event in between. */
  readonly resumeAttempts: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 3,
  baseDelay: 50,
  throttledDelay: 1_000,
  maxDelay: 20_000,
  jitter: 1,
  maxRetryAfter: 60_000,
  quota: 500,
  transientCost: 14,
  throttledCost: 5,
  resumeAttempts: 5,
};

/** What went wrong with an attempt, as far as the decision to repeat it goes. */
export interface Failure {
  /**
   * `connect`: the request was never sent. `reset`: the connection broke before the head of an
   * answer. `status`: the answer says no. `final`: a timeout, a broken body, the caller: nothing
   * that another attempt would mend.
   */
  readonly kind: "connect" | "reset" | "status" | "final";
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  /** How long the answer asks to wait, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

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
  /** A random number, 0 to 1. */
  readonly random: number;
}

/** Why there is no retry: the first of these that holds. */
export type RetryRefusal =
  | "not_retryable"
  | "not_repeatable"
  | "attempts"
  | "retry_after"
  | "deadline"
  | "quota";

/** What to do about an attempt that failed: pause and go on, unless something speaks against it. */
export interface RetryDecision<Refusal = RetryRefusal> {
  /** In milliseconds. */
  readonly delay: number;
  /** Absent: the attempt is repeated. */
  readonly stop: Refusal | undefined;
}

/** Decides whether a failed attempt is repeated, after how long, and for how many tokens. Pure. */
export function decideRetry({
  attempt,
  failure,
  policy,
  repeatable,
  tokens,
  remaining,
  random,
}: RetryQuestion): RetryDecision & { readonly cost: number } {
  const throttled = isThrottled(failure);
  const cost = throttled ? policy.throttledCost : policy.transientCost;
  const delay = pauseAfter(failure, throttled, attempt, policy, random);
  const stop = ((): RetryRefusal | undefined => {
    if (!isTransient(failure)) return "not_retryable";
    if (!(repeatable || throttled || failure.kind === "connect")) return "not_repeatable";
    if (attempt >= policy.maxAttempts) return "attempts";
    if ((failure.retryAfter ?? 0) > policy.maxRetryAfter) return "retry_after";
    if (delay >= remaining) return "deadline";
    return cost > tokens ? "quota" : undefined;
  })();
  return { delay, cost, stop };
}

/**
 * Gives the pause that the server asks for, else the first pause doubled for each attempt after
 * the first, less what chance takes of the part that is left to it.
 */
export function pauseAfter(
  { retryAfter }: Failure,
  isBusy: boolean,
  attempt: number,
  { throttledDelay, baseDelay, maxDelay, jitter }: RetryPolicy,
  random: number,
): number {
  const first = isBusy ? throttledDelay : baseDelay;
  const share = 1 - jitter + jitter * random;
  return retryAfter ?? share * Math.min(maxDelay, first * 2 ** (attempt - 1));
}

/** Whether the same request may succeed a little later. */
export function isTransient({ kind, status, code }: Failure): boolean {
  if (kind !== "status") return kind !== "final";
  if (status === 409) return code === "idempotency_in_progress";
  return /408|429|50[0234]/.test(`${status}`);
}

/** Whether the server says that it is too busy. */
export function isThrottled({ status }: Failure): boolean {
  return status === 429 || status === 503;
}

/** Bounds the retries of all calls of a client, so that an outage is not made worse. */
export class RetryQuota {
  tokens: number;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.tokens = capacity;
    this.#capacity = capacity;
  }

  /** Gives back what a call that succeeded had spent; one that spent nothing adds a little. */
  refund(spent: number): void {
    this.tokens = Math.min(this.#capacity, this.tokens + (spent || 1));
  }
}

/**
 * Reads how many milliseconds an answer asks to wait (RFC 9110, section 10.2.3).
 *
 * `retry-after-ms` wins over `Retry-After`, which is seconds or a date; a date in the past is 0.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after") ?? "";
  const milliseconds = decimal(headers.get("retry-after-ms") ?? "", 1);
  return milliseconds ?? decimal(text, 1_000) ?? untilDate(text, now);
}

/** Reads a number of units; `Headers` gives values without the white space around them. */
function decimal(text: string, unit: number): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? +text * unit : undefined;
}

/** `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`. */
const DATE = /^\w+, ([ \d]\d)([ -])(\w{3})\2(\d{4}|\d\d) (\d\d:\d\d):([0-5]\d|60) GMT$/;
/** `Sun Nov  6 08:49:37 1994`. */
const ASCTIME = /^(...) (...) (..) (.+) (....)$/;

const CENTURY = 3_155_760_000_000;

/**
 * Reads the three forms of RFC 9110, section 5.6.7; `Date.parse` alone takes many more, and a year
 * of two digits for one of 1950 to 2049. What is fifty years past or more is of the century ahead.
 */
function untilDate(text: string, now: number): number | undefined {
  const found = DATE.exec(text.replace(ASCTIME, "$1, $3 $2 $5 $4 GMT")) ?? [];
  const [, day, , month, year = "", minute, seconds] = found;
  const moment = new Date(`${day} ${month} ${year} ${minute} GMT`);
  // A day or an hour that there is not would come out as another.
  if (moment.getUTCDate() !== Number(day)) return undefined;
  const ahead = moment.setUTCSeconds(Number(seconds)) - now;
  return Math.max(0, year[2] || ahead > -CENTURY / 2 ? ahead : ahead + CENTURY);
}
