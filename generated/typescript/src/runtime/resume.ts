// Part of the SDK's fixed runtime: it is the same for every specification.

import { asString, own, type JsonObject } from "./json.js";
import type { OperationRequest } from "./request.js";
import {
  isThrottled,
  isTransient,
  pauseAfter,
  type Failure,
  type RetryDecision,
  type RetryPolicy,
} from "./retry.js";
import type { Frame } from "./sse.js";
import type { StreamRule } from "./reader.js";
import type { CallOptions } from "./transport.js";

/** How a stream that was cut is taken up again. */
export interface ResumeRule {
  readonly request: OperationRequest;
  /** The field of an event that holds the value of each path parameter. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The query parameter that takes the last cursor. */
  readonly query?: string;
  /** The header that takes the last cursor where there is no such parameter. */
  readonly header?: string;
  /** The status of an answer that says: nothing follows the cursor. */
  readonly finished?: number;
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

/** Why a stream is not taken up again. */
export type ResumeRefusal = "final" | "attempts" | "retry_after";

/** Decides whether a stream that broke is taken up again, and after how long. Pure. */
export function decideResume({
  attempt,
  failure,
  policy,
  random,
}: ResumeQuestion): RetryDecision<ResumeRefusal> {
  // A server that cannot be reached is likely to be starting: it counts as one that says so.
  const isBusy = failure.kind === "connect" || isThrottled(failure);
  const delay = pauseAfter(failure, isBusy, attempt, policy, random);
  const stop = ((): ResumeRefusal | undefined => {
    if (!isTransient(failure)) return "final";
    if (attempt > policy.resumeAttempts) return "attempts";
    return (failure.retryAfter ?? 0) > policy.maxRetryAfter ? "retry_after" : undefined;
  })();
  return { delay, stop };
}

/** What an event says about the place of its stream. */
export type Advance = "new" | "uncounted" | "repeated" | "gap" | "foreign";

/** How far a stream has been read, and how to ask for the rest. */
export interface StreamPosition {
  /** The id of the last event that counts. */
  lastEventId: string | undefined;
  eventsSeen: number;
  /**
   * Moves to an event, unless it was seen, comes too early or is another stream's. One that does
   * not parse has its frame's id for its number.
   */
  advance(event: JsonObject | undefined, frame: Frame): Advance;
  /** Gives the request for what follows; undefined while the server could not know it. */
  request(): OperationRequest | undefined;
}

/** Whether a request is of the operation by which a stream is taken up again. */
export function asksFor({ path, verb }: OperationRequest, { request }: ResumeRule): boolean {
  return path === request.path && verb === request.verb;
}

/**
 * Puts what the call's options say of the operation that resumes into its request: a cursor there
 * is one like any other, and the rest is asked for again.
 */
export function withOptions(
  request: OperationRequest,
  { headers = {}, query, ...options }: CallOptions,
  resume: ResumeRule,
): [OperationRequest, CallOptions] {
  const name = resume.header?.toLowerCase();
  const key = Object.keys(headers).find((key) => key.toLowerCase() === name) ?? "";
  const { [key]: cursor, ...rest } = headers;
  const own = cursor === undefined ? {} : { [resume.header ?? ""]: cursor };
  return [
    {
      ...request,
      query: { ...request.query, ...query },
      headers: { ...request.headers, ...own },
    },
    { ...options, headers: rest },
  ];
}

/** Begins at the start, or where a caller who continues an earlier stream says. */
export function streamPosition(
  request: OperationRequest,
  { resume, sequence }: StreamRule,
): StreamPosition {
  const parameters = Object.entries(resume?.parameters ?? {});
  const path: Record<string, string> = {};
  for (const [name] of parameters) {
    const value = request.pathParams?.[name];
    if (value !== undefined) path[name] = String(value);
  }
  const isSame = resume && asksFor(request, resume);
  const asked = own(request.query, resume?.query) ?? own(request.headers, resume?.header) ?? "";
  let last = Number(asked) || 0;

  const isOurs = (event: JsonObject): boolean =>
    parameters.every(([parameter, field]) => {
      const value = asString(event[field]);
      return value === undefined || value === (path[parameter] ??= value);
    });

  return {
    lastEventId: String(asked) || undefined,
    eventsSeen: 0,
    advance(event, { id, hasId }) {
      if (event && !isOurs(event)) return "foreign";
      if (sequence !== undefined) {
        // An event without a number moves nothing.
        const number = event ? event[sequence] : hasId && /^\d+$/.test(id) && Number(id);
        if (typeof number !== "number") return "uncounted";
        if (number <= last) return "repeated";
        if (number !== last + 1) return "gap";
        last = number;
      }
      const cursor = sequence === undefined ? id : String(last);
      if (cursor) this.lastEventId = cursor;
      this.eventsSeen += 1;
      return "new";
    },
    request() {
      if (!resume || parameters.some(([name]) => path[name] === undefined)) return undefined;
      const { request: again, query, header } = resume;
      const cursor = this.lastEventId;
      return {
        ...again,
        pathParams: path,
        query: { ...(isSame && request.query), ...(query && { [query]: cursor }) },
        // Where the query says it, a header of the first request would say something older.
        headers: {
          ...(isSame && request.headers),
          ...(header && { [header]: query ? undefined : cursor }),
        },
      };
    },
  };
}
