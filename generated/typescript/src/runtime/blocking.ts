// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIError, ResponseDecodeError, type APIErrorFacts, type SdkError } from "./errors.js";
import { tell, type Observer } from "./interceptors.js";
import { isObject, type JsonObject } from "./json.js";
import type { OperationRequest } from "./request.js";
import { readJson, type Accepted } from "./responses.js";
import { Transport, type CallOptions, type Waiting } from "./transport.js";
import { ANY_TIME, pollUntilDecided, type WaitOptions, type WaitRule } from "./waiting.js";

/** What an error that ends a wait states, and its message. */
export type WaitRefusal = Pick<APIErrorFacts, "status" | "type" | "code"> & {
  readonly message: string;
};

/** How a call waits for the answer that comes later. */
export interface BlockingRule extends WaitRule {
  /** The detail of the pending error that names what is waited for. */
  readonly id: string;
  /** Asks how it stands. */
  readonly request: (id: string) => OperationRequest;
  /** The query parameter that makes the server wait. */
  readonly query: string;
  /** The values of the rule's field with which there is an answer. */
  readonly granted: readonly string[];
  /** The field that holds the answer once it is there, and the fields of its parts. */
  readonly answer: {
    readonly at: string;
    readonly status: string;
    readonly headers: string;
    readonly body: string;
    /** The field that says `base64` where the body is the text of bytes. */
    readonly encoding?: string;
  };
  /** The errors that other values of the field stand for. */
  readonly refusals: Readonly<Record<string, WaitRefusal>>;
  /** The error of a caller whose time is over. */
  readonly late: WaitRefusal;
  /** The details of these errors, and the fields that hold them. */
  readonly details: Readonly<Record<string, string>>;
  /** The detail of `late` that tells for how many seconds the caller waited. */
  readonly limit?: string;
  /** The values of the field whose errors who waits by himself is given too. */
  readonly raised: readonly string[];
}

/** Waits by itself until something is decided. */
export async function untilSettled<Data extends object>(
  transport: Transport,
  rule: BlockingRule,
  id: string,
  ask: (seconds: number, options: CallOptions) => Promise<Data>,
  options: CallOptions & WaitOptions = {},
): Promise<Data> {
  const refused = refusing(transport, rule, id, options.timeout ?? ANY_TIME);
  const found = await pollUntilDecided(transport, rule, ask, options, () => refused(rule.late));
  const facts = found as JsonObject;
  const state = String(facts[rule.field]);
  const refusal = rule.raised.includes(state) ? rule.refusals[state] : undefined;
  if (refusal) throw refused(refusal, facts);
  return found;
}

/** Makes the errors that end a wait of so many milliseconds. */
function refusing({ settings }: Transport, rule: BlockingRule, id: string, milliseconds: number) {
  return (refusal: WaitRefusal, found: JsonObject = {}): APIError => {
    const { message, ...facts } = refusal;
    const told = Object.entries(rule.details)
      .map(([name, field]) => [name, found[field]] as const)
      .filter(([, value]) => value !== undefined && value !== null);
    const isLate = refusal === rule.late && rule.limit !== undefined;
    const waited = isLate ? { [rule.limit]: milliseconds / 1_000 } : {};
    const details = { [rule.id]: id, ...Object.fromEntries(told), ...waited } as JsonObject;
    const known = { ...facts, details };
    return settings.makeError?.(message, known, false) ?? new APIError(message, known);
  };
}

/** A server answers a little later than it was to wait. */
const MARGIN = 30_000;
const SHORTEST = 500;

/** Waits for an answer that comes later, so many milliseconds at most, beside the call's own time. */
export function waitingFor(rule: BlockingRule, milliseconds: number): Waiting {
  return (transport, call, request, options, sending) => {
    const deadline = performance.now() + milliseconds;
    const { requestIdHeader } = transport.settings.product;
    const { idempotencyKey: _key, query: _query, extraBody: _body, ...asking } = options;
    call.due += milliseconds;

    /** How many seconds the server is asked to wait now. */
    const next = (): number => {
      const left = Math.max(deadline - performance.now(), 0);
      const seconds = Math.ceil(Math.min(rule.most, left / 1_000));
      call.patience = seconds * 1_000 + MARGIN;
      return seconds;
    };

    /** Gives the answer once there is one, and raises what stands in its place. */
    const settled = async (
      accepted: Accepted,
      pending: APIError,
      id: string,
    ): Promise<Accepted | undefined> => {
      const refused = refusing(transport, rule, id, milliseconds);
      const found = await readJson<JsonObject>(accepted);
      const state = String(found[rule.field]);
      const answer = found[rule.answer.at];
      const isGranted = rule.granted.includes(state);
      if (isGranted && isObject(answer)) {
        const response = stored(rule, answer);
        const { headers } = response;
        const requestId = (requestIdHeader && headers.get(requestIdHeader)) || undefined;
        const given = { ...accepted, response, requestId };
        const error = await transport.refusal(given);
        if (error) throw error;
        return given;
      }
      if (!isGranted && !rule.pending.includes(state)) {
        const refusal = rule.refusals[state];
        throw refusal ? refused(refusal, found) : pending;
      }
      if (performance.now() >= deadline) throw refused(rule.late, found);
      return undefined;
    };

    const wait = async (pending: APIError, id: string): Promise<Accepted> => {
      for (;;) {
        const began = performance.now();
        const asked = { ...rule.request(id), query: { [rule.query]: next() } };
        const accepted = await transport.sendNow(call, asked, asking);
        const given = await settled(accepted, pending, id).catch(async (error: SdkError) => {
          await tell(transport.observers(options), "onError", error, accepted.request);
          throw error;
        });
        if (given) return given;
        // A server that does not wait itself is not to be asked all the time.
        if (performance.now() - began < SHORTEST) await call.pause(SHORTEST);
      }
    };

    const headers = { ...request.headers, Prefer: `wait=${next()}` };
    return unaware(transport, options)
      .sendNow(call, { ...request, headers }, { ...options, interceptors: [] }, sending)
      .catch((error: unknown) => {
        if (!isPending(error)) throw error;
        return wait(error, String(error.details[rule.id]));
      });
  };
}

function isPending(error: unknown): error is APIError {
  return error instanceof APIError && (error.status ?? 300) < 300;
}

/** Gives a transport that tells nobody that an answer comes later: no call fails by that yet. */
function unaware(transport: Transport, options: CallOptions): Transport {
  const observers = transport.observers(options).map((each): Observer => {
    const onError: Observer["onError"] = (error, request) =>
      isPending(error) ? undefined : each.onError?.(error, request);
    return {
      beforeRequest: (request) => each.beforeRequest?.(request),
      afterResponse: (response) => each.afterResponse?.(response),
      onRetry: (...told) => each.onRetry?.(...told),
      onError,
    };
  });
  return new Transport({ ...transport.settings, observers }, transport.quota);
}

/** A body that is text stands as it was sent, or is that of bytes; anything else was JSON. */
function stored({ answer }: BlockingRule, parts: JsonObject): Response {
  const body = parts[answer.body] ?? null;
  const status = Number(parts[answer.status]);
  const encoding = answer.encoding === undefined ? undefined : parts[answer.encoding];
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const content = encoding === "base64" ? bytesOf(text) : text;
  const headers = (parts[answer.headers] ?? {}) as Record<string, string>;
  return new Response([204, 205, 304].includes(status) ? null : content, { status, headers });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new ResponseDecodeError("the body is no base64", text, { cause });
  }
}
