// Part of the SDK's fixed runtime: it is the same for every specification.

import { asString, isObject, own, parseJson, type JsonObject, type JsonValue } from "./json.js";

/**
 * The root of every error that the SDK raises.
 *
 * ```text
 * SdkError
 * ├── ConfigurationError        the client cannot be built, or a call cannot be sent
 * ├── APIError                  the server answered with an error, or a stream carried one
 * ├── APIConnectionError        no answer, or its body broke off
 * │   └── APITimeoutError       one of the four timeouts passed
 * ├── RequestCancelledError     the caller's signal was aborted, or the stream was closed
 * ├── ResponseDecodeError       the answer is not what the API promises
 * ├── StreamClosedError         the caller left the stream before it ended
 * ├── WebhookVerificationError  a webhook is not signed as it should be
 * └── StreamError               an event stream broke its contract
 *     ├── StreamTruncatedError  it ended before its terminal event
 *     ├── StreamGapError        an event is missing
 *     ├── StreamForeignError    an event belongs to another stream
 *     └── StreamLimitError      a line or an event is too long
 * ```
 */
export class SdkError extends Error {
  override name = "SdkError";

  /** `facts` become properties of the error. */
  constructor(message: string, facts: object = {}) {
    super(message, facts);
    Object.assign(this, facts);
  }
}

/** The client's options do not make a client, or an argument does not make a request. */
export class ConfigurationError extends SdkError {
  override name = "ConfigurationError";
}

/** What is known of an error that the server reported. */
export interface APIErrorFacts {
  readonly status: number | undefined;
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly retryAfter?: number | undefined;
  readonly details?: JsonObject | undefined;
  readonly error?: JsonObject | undefined;
  readonly body?: JsonValue | undefined;
  readonly content?: Uint8Array | undefined;
  readonly headers?: Headers | undefined;
  readonly lastEventId?: string | undefined;
}

/** The server answered with an error, or a stream carried an error event. */
export class APIError extends SdkError {
  override name = "APIError";
  /** The HTTP status. An error inside a stream has the status its stream began with. */
  declare readonly status: number | undefined;
  /** The class of the error, in the server's words. */
  declare readonly type: string | undefined;
  /** The exact reason, in the server's words. */
  declare readonly code: string | undefined;
  /** The part of the request that is at fault. */
  declare readonly param: string | undefined;
  declare readonly requestId: string | undefined;
  /** Whether the server says that the same request may succeed later. */
  declare readonly retryable: boolean | undefined;
  /** How many seconds the server asks to wait. */
  declare readonly retryAfter: number | undefined;
  /** The id of the last event before the error, when a stream carried it. */
  declare readonly lastEventId: string | undefined;
  /** What the server adds for this code; empty when it adds nothing. */
  declare readonly details: JsonObject;
  /** The error object as it came. */
  declare readonly error: JsonObject | undefined;
  /** The whole body: parsed when it is JSON, else its text. */
  declare readonly body: JsonValue | undefined;
  /** The bytes of the body; empty when a stream carried the error. */
  declare readonly content: Uint8Array;
  declare readonly headers: Headers | undefined;

  constructor(message: string, facts: APIErrorFacts) {
    const { details = {}, error, body, content = new Uint8Array(0), headers, ...shown } = facts;
    super(message, shown);
    addHidden(this, { details, error, body, content, headers });
  }
}

/** Adds properties that are not enumerable: printing an error does not print what a server sent. */
export function addHidden(error: SdkError, properties: object): void {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(error, name, { value });
  }
}

/** The server could not be reached, or the connection broke. `cause` says how. */
export class APIConnectionError extends SdkError {
  override name = "APIConnectionError";
  /** Whether a part of the request may have reached the server. */
  declare readonly sent: boolean;
}

/** The four limits of time; each has its own name in every error and option. */
export type TimeoutPhase = "connect" | "first_byte" | "idle" | "total";

/** A timeout passed. */
export class APITimeoutError extends APIConnectionError {
  override name = "APITimeoutError";
  declare readonly phase: TimeoutPhase;

  constructor(phase: TimeoutPhase, milliseconds: number) {
    // None says `connect`: fetch does not tell when it has, so something may have been sent.
    super(`${phase} timeout of ${milliseconds} ms passed`, { phase, sent: true });
  }
}

/** The call was given up by the caller. */
export class RequestCancelledError extends SdkError {
  override name = "RequestCancelledError";
  /** What the caller gave to `abort(reason)`. */
  declare readonly reason: unknown;

  constructor(reason: unknown) {
    super("the request was cancelled", { cause: reason, reason });
  }
}

/** How far a stream was read. */
export interface StreamPlace {
  readonly requestId?: string | undefined;
  readonly lastEventId?: string | undefined;
  readonly eventsSeen?: number | undefined;
}

/** Where in an exchange an error happened. */
export interface ErrorPlace extends StreamPlace {
  readonly cause?: unknown;
}

/** An answer or an event that does not parse. */
export class ResponseDecodeError extends SdkError {
  override name = "ResponseDecodeError";
  declare readonly requestId: string | undefined;
  declare readonly lastEventId: string | undefined;
  /** The text that does not parse. */
  declare readonly raw: string;

  constructor(message: string, raw: string, place: ErrorPlace = {}) {
    super(message, place);
    addHidden(this, { raw });
  }
}

/** Reads a JSON text, or raises an error that carries it. */
export function parsedJson(text: string, requestId?: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ResponseDecodeError("the text is not JSON", text, { requestId, cause });
  }
}

/** An event stream broke its contract. */
export class StreamError extends SdkError {
  override name = "StreamError";
  declare readonly requestId: string | undefined;
  /** The id of the last event that was given out: a later call can continue from it. */
  declare readonly lastEventId: string | undefined;
  declare readonly eventsSeen: number;

  constructor(message: string, place?: ErrorPlace) {
    super(message, { eventsSeen: 0, ...place });
  }
}

/** A stream ended before its terminal event. */
export class StreamTruncatedError extends StreamError {
  override name = "StreamTruncatedError";
}

/** The caller left the stream before it ended, so there is nothing more to read. */
export class StreamClosedError extends SdkError {
  override name = "StreamClosedError";
}

/** A webhook that was not signed with the secret, or too long ago. */
export class WebhookVerificationError extends SdkError {
  override name = "WebhookVerificationError";
}

/** An event is missing between the last one and this one. */
export class StreamGapError extends StreamError {
  override name = "StreamGapError";
}

/** An event belongs to another stream than the one that was asked for. */
export class StreamForeignError extends StreamError {
  override name = "StreamForeignError";
}

/** A line or an event is longer than the decoder's limit. */
export class StreamLimitError extends StreamError {
  override name = "StreamLimitError";
  declare readonly limit: "line" | "event";
  declare readonly bytes: number;

  constructor(limit: "line" | "event", bytes: number, place?: ErrorPlace) {
    const facts = { limit, bytes, ...place };
    super(`the stream has a longer ${limit} than ${bytes} bytes`, facts);
  }
}

/** Where an error body keeps its parts. */
export interface ErrorForm {
  /** The property of the body that holds the error object; absent: the body is the object. */
  readonly at?: string;
  readonly fields: {
    readonly type?: string;
    readonly code?: string;
    readonly message: string;
    readonly param?: string;
    readonly requestId?: string;
    readonly retryable?: string;
    readonly retryAfter?: string;
    readonly details?: string;
  };
}

/** Reads what a body states of an error: its message and its facts. */
export function errorInBody(
  { at, fields }: ErrorForm,
  body: JsonValue | undefined,
  around: APIErrorFacts,
): APIErrorFacts & { readonly message: string | undefined } {
  const error = at === undefined ? body : own(body, at);
  /** An empty text says nothing. */
  const text = (name: string | undefined): string | undefined =>
    asString(own(error, name)) || undefined;
  const details = own(error, fields.details);
  const retryable = own(error, fields.retryable);
  const wait = own(error, fields.retryAfter);
  return {
    ...around,
    message: text(fields.message),
    type: text(fields.type),
    code: text(fields.code),
    param: text(fields.param),
    requestId: text(fields.requestId) ?? around.requestId,
    retryable: typeof retryable === "boolean" ? retryable : undefined,
    retryAfter: around.retryAfter ?? (typeof wait === "number" && wait >= 0 ? wait : undefined),
    details: isObject(details) ? details : undefined,
    error: isObject(error) ? error : undefined,
    body,
  };
}
