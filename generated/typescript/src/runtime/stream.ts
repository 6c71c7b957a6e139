// Part of the SDK's fixed runtime: it is the same for every specification.

import {
  type APIError,
  APITimeoutError,
  ResponseDecodeError,
  SdkError,
  StreamForeignError,
  StreamGapError,
  StreamLimitError,
  StreamTruncatedError,
  type ErrorPlace,
} from "./errors.js";
import { tell, type Observer } from "./interceptors.js";
import { isObject, type JsonObject, type JsonValue } from "./json.js";
import type { OperationRequest } from "./request.js";
import { connectionError, readText, type Accepted } from "./responses.js";
import { decideResume, StreamPosition, type Advance, type ResumeRule } from "./resume.js";
import type { Failure } from "./retry.js";
import { FrameDecoder, type Decoder, type Frame, type FrameLimits } from "./sse.js";
import type { Call } from "./timeouts.js";
import { failureOf, type CallOptions, type Transport } from "./transport.js";

/** What a specification declares of a kind of stream. */
export interface StreamRule {
  /** The events are text and not JSON. */
  readonly text?: boolean;
  /** The media type of the stream; absent: that of server-sent events. */
  readonly mediaType?: string;
  /** What finds the events in the bytes; absent: the decoder of server-sent events. */
  readonly decoder?: new (limits: FrameLimits) => Decoder;
  /** The field of an event that names its kind; absent: the frame names it. */
  readonly discriminator?: string;
  /** The events that end the stream, and how. None: it ends with its body. */
  readonly endings: Readonly<Record<string, "complete" | "failed">>;
  /** Events that carry no id and are never sent again. */
  readonly heartbeats: readonly string[];
  /** Data that ends the stream and is no event. */
  readonly sentinel?: string;
  /** The event that carries an error; absent: any with the field that holds the error. */
  readonly error?: { readonly event?: string; readonly field: string };
  /** The field that counts the events: 1, 2, 3 and so on. */
  readonly sequence?: string;
  readonly resume?: ResumeRule;
  /** Makes the event of a frame that is one itself; absent: the event is in its data. */
  readonly whole?: (frame: Frame) => Frame;
}

/** The kinds of an event, by the property that tells them apart. */
export type EventKind<Event, Tag extends string> = Event extends {
  readonly [Name in Tag]: infer Kind;
}
  ? Extract<Kind, string>
  : never;

/** The event of one kind. */
export type EventOf<Event, Tag extends string, Kind extends string> = Extract<
  Event,
  { readonly [Name in Tag]: Kind }
>;

interface Connection {
  readonly accepted: Accepted;
  readonly body: ReadableStreamDefaultReader<Uint8Array>;
  readonly decoder: Decoder;
}

type Ending = "complete" | "failed" | "closed";

const EVENT_STREAM = "text/event-stream";
const LINGER = 250;

/**
 * The events of one call, in order, each once.
 *
 * Nothing is sent before the first event, the response or the result is asked for. Leaving the loop
 * frees the connection. A stream can be read once.
 */
export class EventStream<Event, Tag extends string = never> implements AsyncIterableIterator<
  Event,
  void,
  undefined
> {
  readonly #transport: Transport;
  readonly #options: CallOptions;
  readonly #rule: StreamRule;
  readonly #position: StreamPosition;
  readonly #roles: ReadonlyMap<string, "heartbeat" | "complete" | "failed">;
  readonly #observers: readonly Observer[];
  readonly #listeners = new Map<string, readonly ((event: Event) => void)[]>();
  readonly #isWatched: boolean;
  readonly #request: OperationRequest;
  #call: Call | undefined;
  #opening: Promise<Response> | undefined;
  #connection: Connection | undefined;
  #opened: Accepted | undefined;
  /** The end of the last of the calls that wait, and how many there are. */
  #turn: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #isLeft = false;
  /** The kind of the last event that means no more than itself. */
  #plain: string | undefined;
  #ending: Ending | undefined;
  #fruitless = 0;

  constructor(
    transport: Transport,
    request: OperationRequest,
    rule: StreamRule,
    options: CallOptions = {},
  ) {
    this.#transport = transport;
    this.#request = request;
    this.#rule = rule;
    this.#options = options;
    this.#position = new StreamPosition(request, rule);
    this.#roles = new Map([
      ...Object.entries(rule.endings),
      ...rule.heartbeats.map((kind) => [kind, "heartbeat"] as const),
    ]);
    this.#observers = transport.observers(options);
    this.#isWatched = this.#observers.some(({ onStreamEvent }) => onStreamEvent !== undefined);
  }

  /** Gives the answer that the stream began with; its body belongs to the stream. */
  response(): Promise<Response> {
    this.#opening ??= this.#openFirst();
    return this.#opening;
  }

  /** The id of the last event that was given out. */
  get lastEventId(): string | undefined {
    return this.#position.lastEventId;
  }

  /** Ends the stream at once and frees its connection. Whoever waits for an event gets none. */
  close(): void {
    this.#ending ??= "closed";
    this.#release();
    this.#call?.cancel("the stream was closed");
  }

  /** Gives the next event; events that have arrived are given without waiting for anything. */
  next(): Promise<IteratorResult<Event, void>> {
    if (this.#pending === 0 && !this.#isWatched) {
      try {
        const event = this.#take();
        if (event !== undefined) return Promise.resolve({ done: false, value: event });
      } catch (error) {
        return this.#inTurn(() => this.#fail(error));
      }
    }
    return this.#inTurn(() => this.#read());
  }

  /** Reads what is left, for those who only listen. */
  async untilDone(): Promise<void> {
    while ((await this.next()).done !== true);
  }

  /** Calls `listener` for each event of a kind before it is given out; what it throws ends the stream. */
  on<Kind extends EventKind<Event, Tag>>(
    kind: Kind,
    listener: (event: EventOf<Event, Tag, Kind>) => void,
  ): this {
    const known = this.#listeners.get(kind) ?? [];
    this.#listeners.set(kind, [...known, listener as (event: Event) => void]);
    return this;
  }

  /** Leaves the stream: what the end of a loop does. */
  return(): Promise<IteratorResult<Event, void>> {
    return this.#inTurn(() => this.#leave());
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Event, void, undefined> {
    return this;
  }

  /** Gives the events as a stream of the platform's own kind. Cancelling it closes this one. */
  toReadableStream(): ReadableStream<Event> {
    return new ReadableStream<Event>(
      {
        pull: async (controller) => {
          const next = await this.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Gives what `extract` finds in the events, leaving out those without any. */
  protected async *pick<Part>(
    extract: (event: Event) => Part | undefined,
  ): AsyncGenerator<Part, void, undefined> {
    for await (const event of this) {
      const part = extract(event);
      if (part !== undefined) yield part;
    }
  }

  /** Sees each event before it is given out. */
  protected observe(_event: Event): void {}

  /** Whether the stream reached the end that its rule declares. */
  protected get isComplete(): boolean {
    return this.#ending === "complete";
  }

  /** Makes the error of a stream that was not read to its end. */
  protected truncated(cause?: unknown): StreamTruncatedError {
    return new StreamTruncatedError("the stream ended before its terminal event", {
      ...this.#place(),
      cause,
    });
  }

  /** Lets calls that overlap wait for one another, as those of a generator do. */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    this.#pending += 1;
    const result = this.#turn.then(act);
    const done = (): void => void (this.#pending -= 1);
    this.#turn = result.then(done, done);
    return result;
  }

  async #read(): Promise<IteratorResult<Event, void>> {
    try {
      if (this.#ending === undefined) await this.response();
      for (;;) {
        const event = this.#take();
        if (event !== undefined) {
          if (this.#isWatched) await tell(this.#observers, "onStreamEvent", event);
          return { done: false, value: event };
        }
        if (this.#ending !== undefined) return await this.#leave();
        await this.#readPiece();
      }
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Turns the frames at hand into events until one is to be given out. */
  #take(): Event | undefined {
    const { decoder } = this.#connection ?? {};
    while (this.#ending === undefined && decoder?.next() === true) {
      const event = this.#accept(decoder);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  async #fail(error: unknown): Promise<IteratorResult<Event, void>> {
    if (this.#ending === "closed") return this.#leave();
    this.#ending ??= "failed";
    const raised =
      error instanceof StreamLimitError
        ? new StreamLimitError(error.limit, error.bytes, this.#place())
        : error;
    const { request } = this.#opened ?? {};
    try {
      // The error of a request was told of when it failed; this one came later.
      if (request !== undefined && raised instanceof SdkError) {
        await tell(this.#observers, "onError", raised, request);
      }
      throw raised;
    } finally {
      await this.#leave();
    }
  }

  async #leave(): Promise<IteratorResult<Event, void>> {
    if (!this.#isLeft) {
      this.#isLeft = true;
      this.#ending ??= "closed";
      this.#release();
      await tell(this.#observers, "onStreamEnd", this.#ending, this.#place());
    }
    return { done: true, value: undefined };
  }

  async #openFirst(): Promise<Response> {
    this.#call = this.#transport.begin(this.#options);
    try {
      const opened = await this.#connect(this.#call, this.#request, this.#options);
      this.#opened = opened;
      return opened.response;
    } catch (error) {
      this.#call.end();
      throw error;
    }
  }

  async #connect(
    call: Call,
    request: OperationRequest,
    options: CallOptions,
    attempt?: number,
  ): Promise<Accepted> {
    const accepted = await this.#transport.send(call, request, options, {
      accept: this.#mediaType,
      ...(attempt === undefined ? {} : { maxAttempts: 1, attempt }),
      lastEventId: this.lastEventId,
    });
    const { response } = accepted;
    if (response.status === 204 && this.#rule.resume?.statuses[204] === "finished") {
      if (attempt !== undefined) throw this.truncated();
      this.#ending = "complete";
    } else {
      await checkMediaType(accepted, this.#mediaType, this.lastEventId);
      const body = (response.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new (this.#rule.decoder ?? FrameDecoder)(
        this.#transport.settings.frameLimits,
      );
      this.#connection = { accepted, body, decoder };
    }
    return accepted;
  }

  /** Reads one piece of the body; where there is none to come, the stream is taken up again. */
  async #readPiece(): Promise<void> {
    const { accepted, body, decoder } = this.#connection as Connection;
    let reason: unknown;
    try {
      const { done, value } = await accepted.call.read(() => body.read());
      if (!done) return decoder.push(value);
      if (decoder.end?.() === true) return;
    } catch (cause) {
      reason = connectionError(cause, accepted.call, accepted.show);
    }
    this.#letGo();
    if (reason === undefined && (this.#request.unfinished === true || !this.#mustEndWithEvent)) {
      this.#ending = "complete";
    }
    while (this.#connection === undefined && this.#ending === undefined) {
      reason = await this.#tryToResume(reason);
    }
  }

  /** Asks the server once for the events after the last one; gives the reason of a failure. */
  async #tryToResume(reason: unknown): Promise<unknown> {
    const request = this.#position.resumeRequest();
    const failure = breakOf(reason);
    if (request === undefined && failure.kind === "reset") throw this.#brokenOff(reason);
    this.#fruitless += 1;
    const decision = decideResume({
      attempt: this.#fruitless,
      failure,
      policy: this.#transport.settings.retry,
      random: Math.random(),
    });
    if (!decision.resume && decision.reason === "attempts") throw this.truncated(reason);
    if (!decision.resume || request === undefined) throw reason;
    const call = this.#call as Call;
    const cause = (reason ?? this.truncated()) as SdkError;
    await tell(this.#observers, "onRetry", this.#fruitless, decision.delay, cause);
    await call.pause(decision.delay);
    const { idempotencyKey: _key, query: _query, extraBody: _body, ...options } = this.#options;
    try {
      await this.#connect(call, request, options, this.#fruitless);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** A timeout says more than that the stream was cut. */
  #brokenOff(reason: unknown): unknown {
    return reason instanceof APITimeoutError || !this.#mustEndWithEvent
      ? reason
      : this.truncated(reason);
  }

  get #mediaType(): string {
    return this.#rule.mediaType ?? EVENT_STREAM;
  }

  get #mustEndWithEvent(): boolean {
    return Object.keys(this.#rule.endings).length > 0 || this.#rule.sentinel !== undefined;
  }

  /** Turns a frame into an event; undefined for one that was seen before or means nothing. */
  #accept(given: Frame): Event | undefined {
    const rule = this.#rule;
    if (given.data === rule.sentinel) {
      this.#finish("complete");
      return undefined;
    }
    const frame = rule.whole?.(given) ?? given;
    if (frame.data === "" && this.#roles.get(frame.event) === "heartbeat") return undefined;
    if (rule.text === true) {
      this.#position.advance({}, frame);
      this.observe(frame.data as Event);
      return frame.data as Event;
    }
    let parsed: JsonValue;
    try {
      parsed = JSON.parse(frame.data) as JsonValue;
    } catch (cause) {
      return this.#giveBroken("an event is not JSON", frame, cause);
    }
    if (!isObject(parsed)) return this.#giveBroken("an event is not an object", frame);
    return this.#acceptObject(parsed, frame);
  }

  #acceptObject(parsed: JsonObject, frame: Frame): Event | undefined {
    const { discriminator, error } = this.#rule;
    let event = parsed;
    let kind = frame.event;
    if (discriminator !== undefined) {
      const tag = parsed[discriminator];
      // An event whose kind only the frame states gets it as its tag, so that types hold.
      if (typeof tag === "string") kind = tag;
      else event = { ...parsed, [discriminator]: kind };
    }
    const role = kind === this.#plain ? undefined : this.#roles.get(kind);
    if (role === undefined) this.#plain = kind;
    if (role !== "heartbeat" && !this.#isNew(this.#position.advance(event, frame))) {
      return undefined;
    }
    if (role === "complete" || role === "failed") this.#finish(role);
    if (error !== undefined && isError(event, kind, error))
      throw this.#reported(event, error.field);
    this.observe(event as Event);
    if (this.#listeners.size > 0) {
      for (const listener of this.#listeners.get(kind) ?? []) listener(event as Event);
    }
    return event as Event;
  }

  /** Whether an event is to be given out; one that must not come at all raises. */
  #isNew(advance: Advance): boolean {
    if (advance === "gap") throw new StreamGapError("an event is missing", this.#place());
    if (advance === "foreign") {
      throw new StreamForeignError("an event belongs to another stream", this.#place());
    }
    if (advance === "new") this.#fruitless = 0;
    return advance !== "repeated";
  }

  #giveBroken(message: string, frame: Frame, cause?: unknown): Event | undefined {
    const error = new ResponseDecodeError(message, frame.data, { ...this.#place(), cause });
    if (this.#options.brokenEvents !== "yield") throw error;
    return this.#isNew(this.#position.advanceBroken(frame)) ? (error as Event) : undefined;
  }

  /** An event's error object stands in its field as it would stand in a body. */
  #reported(event: JsonObject, field: string): APIError {
    const { at } = this.#transport.settings.product.errors;
    const error = event[field];
    const body = at === undefined ? error : { [at]: error };
    const { lastEventId } = this;
    const opened = this.#opened as Accepted;
    return this.#transport.apiError(
      body,
      opened,
      { lastEventId },
      "the stream ended with an error",
    );
  }

  #place(): ErrorPlace {
    return {
      requestId: this.#opened?.requestId,
      lastEventId: this.lastEventId,
      eventsSeen: this.#position.eventsSeen,
    };
  }

  /** Nothing follows a terminal event, so a body that ends now leaves its connection to others. */
  #finish(ending: Ending): void {
    this.#ending = ending;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#call?.end();
    if (connection === undefined) return;
    const { body } = connection;
    const timer = setTimeout(() => void body.cancel().catch(ignore), LINGER);
    void body
      .read()
      .then(({ done }) => (done ? undefined : body.cancel()))
      .catch(ignore)
      .finally(() => clearTimeout(timer));
  }

  #release(): void {
    this.#letGo();
    this.#call?.end();
  }

  #letGo(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.body.cancel().catch(ignore);
  }
}

function ignore(): void {}

function isError(
  event: JsonObject,
  kind: string,
  error: { readonly event?: string; readonly field: string },
): boolean {
  return error.event === undefined ? (event[error.field] ?? null) !== null : error.event === kind;
}

/** A stream that stopped, for whatever reason on the way, is a stream that was cut. */
function breakOf(reason: unknown): Failure {
  const isCut =
    reason === undefined ||
    (reason instanceof APITimeoutError && reason.phase !== "total" && reason.sent);
  return isCut ? { kind: "reset" } : failureOf(reason);
}

async function checkMediaType(
  accepted: Accepted,
  wanted: string,
  lastEventId: string | undefined,
): Promise<void> {
  const { headers, body } = accepted.response;
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  if (type.trim().toLowerCase() === wanted.toLowerCase() && body !== null) return;
  throw new ResponseDecodeError(`the answer is not ${wanted}`, await readText(accepted), {
    requestId: accepted.requestId,
    lastEventId,
  });
}
