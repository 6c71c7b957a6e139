// Part of the SDK's fixed runtime: it is the same for every specification.

import { asString, type JsonObject } from "./json.js";
import type { OperationRequest } from "./request.js";
import { backoff, isThrottled, isTransient, type Failure, type RetryPolicy } from "./retry.js";
import type { Frame } from "./sse.js";
import type { StreamRule } from "./stream.js";

/** How a stream that was cut is taken up again. */
export interface ResumeRule {
  readonly request: OperationRequest;
  /** The field of an event that holds the value of each path parameter. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The query parameter that takes the last cursor. */
  readonly query?: string;
  /** The header that takes the last cursor where there is no such parameter. */
  readonly header?: string;
  readonly statuses: Readonly<Record<number, "finished" | "unknown" | "expired">>;
}

/** Everything that the decision to take a stream up again depends on. */
export interface ResumeQuestion {
  /** The number of the attempt to come, from 1 since the last new event. */
  readonly attempt: number;
  /** What ended the last connection, or the last attempt to get one. */
  readonly failure: Failure;
  readonly policy: RetryPolicy;
  /** A random number, 0 to 1. */
  readonly random: number;
}

export type ResumeDecision =
  | {
      readonly resume: true;
      readonly reason: "backoff" | "retry_after";
      readonly delay: number;
    }
  | { readonly resume: false; readonly reason: "final" | "attempts" | "retry_after" };

/** Decides whether a stream that broke is taken up again, and after how long. Pure. */
export function decideResume(question: ResumeQuestion): ResumeDecision {
  const { attempt, failure, policy } = question;
  if (!isTransient(failure)) return { resume: false, reason: "final" };
  if (attempt > policy.resumeAttempts) return { resume: false, reason: "attempts" };
  const asked = failure.retryAfter;
  if (asked !== undefined) {
    return asked > policy.maxRetryAfter
      ? { resume: false, reason: "retry_after" }
      : { resume: true, reason: "retry_after", delay: asked };
  }
  // A server that cannot be reached is likely to be starting: it counts as one that says so.
  const base = failure.kind === "connect" || isThrottled(failure) ? "throttledDelay" : "baseDelay";
  const delay = backoff(policy[base], attempt, policy.maxDelay, question.random);
  return { resume: true, reason: "backoff", delay };
}

/** What an event says about the place of its stream. */
export type Advance = "new" | "uncounted" | "repeated" | "gap" | "foreign";

/** How far a stream has been read, and how to ask for the rest. */
export class StreamPosition {
  /** The id of the last event that counts. */
  lastEventId: string | undefined;
  eventsSeen = 0;
  readonly #rule: StreamRule;
  readonly #request: OperationRequest;
  readonly #path: Record<string, string> = {};
  readonly #parameters: readonly (readonly [string, string])[];
  #sequence = 0;

  constructor(request: OperationRequest, rule: StreamRule) {
    this.#rule = rule;
    this.#request = request;
    this.#parameters = Object.entries(rule.resume?.parameters ?? {});
    this.#seedPath();
    this.#seedCursor();
  }

  /** Moves to an event, unless it was seen, comes too early or is another stream's. */
  advance(event: JsonObject, frame: Frame): Advance {
    if (!this.#isOurs(event)) return "foreign";
    if (this.#rule.sequence !== undefined) return this.#count(event[this.#rule.sequence]);
    if (frame.id !== "") this.lastEventId = frame.id;
    this.eventsSeen += 1;
    return "new";
  }

  /** Moves to an event that does not parse: its frame's id stands for its number. */
  advanceBroken(frame: Frame): Advance {
    if (this.#rule.sequence === undefined) return this.advance({}, frame);
    return this.#count(frame.id === "" ? undefined : Number(frame.id));
  }

  /** An event without a number moves nothing. */
  #count(number: unknown): Advance {
    if (typeof number !== "number") return "uncounted";
    if (number <= this.#sequence) return "repeated";
    if (number !== this.#sequence + 1) return "gap";
    this.#sequence = number;
    this.lastEventId = String(number);
    this.eventsSeen += 1;
    return "new";
  }

  /** Gives the request for what follows; undefined while the server could not know it. */
  resumeRequest(): OperationRequest | undefined {
    const rule = this.#rule.resume;
    if (rule === undefined || this.#missesPath(rule)) return undefined;
    const cursor = this.lastEventId;
    const { query, headers } = this.#isResume(rule) ? this.#request : {};
    return {
      ...rule.request,
      pathParams: this.#path,
      query: { ...query, ...(rule.query && { [rule.query]: cursor }) },
      // Where the query says it, a header of the first request would say something older.
      headers: {
        ...headers,
        ...(rule.header && { [rule.header]: rule.query ? undefined : cursor }),
      },
    };
  }

  #isOurs(event: JsonObject): boolean {
    for (const [parameter, field] of this.#parameters) {
      const value = asString(event[field]);
      if (value === undefined) continue;
      this.#path[parameter] ??= value;
      if (this.#path[parameter] !== value) return false;
    }
    return true;
  }

  #missesPath(rule: ResumeRule): boolean {
    return Object.keys(rule.parameters).some((name) => this.#path[name] === undefined);
  }

  #isResume(rule: ResumeRule): boolean {
    return this.#request.path === rule.request.path && this.#request.verb === rule.request.verb;
  }

  #seedPath(): void {
    for (const [name] of this.#parameters) {
      const value = this.#request.pathParams?.[name];
      if (value !== undefined) this.#path[name] = String(value);
    }
  }

  /** A caller who continues an earlier stream says where; duplicates and gaps count from there. */
  #seedCursor(): void {
    const { query, header } = this.#rule.resume ?? {};
    const asked =
      own(this.#request.query, query) ?? own(this.#request.headers, header) ?? undefined;
    if (asked === undefined) return;
    this.lastEventId = String(asked);
    this.#sequence = Number(asked) || 0;
  }
}

function own(values: object | undefined, name: string | undefined): unknown {
  if (values === undefined || name === undefined) return undefined;
  return (values as Readonly<Record<string, unknown>>)[name];
}
