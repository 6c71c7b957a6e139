// Part of the SDK's fixed runtime: it is the same for every specification.

import {
  APITimeoutError,
  RequestCancelledError,
  ResponseDecodeError,
  SdkError,
  StreamForeignError,
  StreamGapError,
  StreamLimitError,
  StreamTruncatedError,
  type ErrorPlace,
} from "./errors.js";
import { tell } from "./interceptors.js";
import { isObject, jsonOr, parseJson, type JsonObject, type JsonValue } from "./json.js";
import type { OperationRequest } from "./request.js";
import { connectionError, readText, type Accepted } from "./responses.js";
import {
  asksFor,
  decideResume,
  streamPosition,
  withOptions,
  type ResumeRule,
  type StreamPosition,
} from "./resume.js";
import type { Failure } from "./retry.js";
import { frameDecoder, type Decoder, type Frame, type FrameLimits } from "./sse.js";
import type { Call } from "./timeouts.js";
import { failureOf, type CallOptions, type Transport } from "./transport.js";

/** What a specification declares of a kind of stream. */
export interface StreamRule {
  /** The events are text and not JSON. */
  readonly text?: boolean;
  /** The media type of the stream; absent: that of server-sent events. */
  readonly mediaType?: string;
  /** What finds the events in the bytes; absent: the decoder of server-sent events. */
  readonly decoder?: (limits: FrameLimits) => Decoder;
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

/** Reads the events of one call: what an `EventStream` does behind its methods. */
export interface EventReader<Event> {
  readonly position: StreamPosition;
  readonly next: () => Promise<IteratorResult<Event, void>>;
  readonly leave: () => Promise<IteratorResult<Event, void>>;
  readonly response: () => Promise<Response>;
  readonly close: () => void;
  /** How the stream ended, once it has. */
  readonly ending: () => Ending | undefined;
  readonly truncated: (cause?: unknown) => StreamTruncatedError;
}

interface Connection {
  readonly accepted: Accepted;
  readonly body: ReadableStreamDefaultReader<Uint8Array>;
  readonly decoder: Decoder;
}

/** A frame that was read ahead, and its object where that takes no second look. */
interface ReadFrame extends Frame {
  readonly parsed?: JsonObject | undefined;
}

type Ending = "complete" | "failed" | "closed";

/** How long the end of a body may stay away after the last event, in milliseconds. */
const LINGER = 250;

/** How many frames are read at once; parsing goes faster where nothing comes between. */
const AHEAD = 64;

const ignore = (): void => {};

/** Makes a reader that sends nothing before it is asked for something. */
export function eventReader<Event>(
  transport: Transport,
  given: OperationRequest,
  rule: StreamRule,
  givenOptions: CallOptions,
  observe: (event: Event, kind: string) => void,
): EventReader<Event> {
  const { settings } = transport;
  const { resume } = rule;
  const [request, options] =
    resume && asksFor(given, resume)
      ? withOptions(given, givenOptions, resume)
      : [given, givenOptions];
  const { discriminator, endings, mediaType = "text/event-stream" } = rule;
  const { event: errorKind, field: errorField } = rule.error ?? {};
  const { sentinel, whole } = rule;
  const isJson = !whole && !rule.text && !sentinel?.startsWith("{");
  const position = streamPosition(request, rule);
  const roles = new Map<string, "heartbeat" | "complete" | "failed">(Object.entries(endings));
  const endsWithEvent = roles.size > 0 || sentinel !== undefined;
  for (const kind of rule.heartbeats) roles.set(kind, "heartbeat");
  const observers = transport.observers(options);
  const isWatched = observers.some(({ onStreamEvent }) => onStreamEvent);
  let call: Call | undefined;
  let opening: Promise<Response> | undefined;
  let opened: Accepted | undefined;
  let connection: Connection | undefined;
  /** The end of the last of the calls that wait, and how many there are. */
  let turn: Promise<unknown> = Promise.resolve();
  let pending = 0;
  /** The kind of the last event that means no more than itself. */
  let plain: string | undefined;
  let ending: Ending | undefined;
  let isLeft = false;
  let fruitless = 0;
  /** The frames that were read ahead, how many of them were taken, and what broke behind them. */
  let ready: ReadFrame[] = [];
  let taken = 0;
  let broken: unknown;

  const place = (cause?: unknown): ErrorPlace => ({
    requestId: opened?.requestId,
    lastEventId: position.lastEventId,
    eventsSeen: position.eventsSeen,
    cause,
  });

  const truncated = (cause?: unknown): StreamTruncatedError =>
    new StreamTruncatedError("the stream ended before its terminal event", place(cause));

  const letGo = (): void => {
    void connection?.body.cancel().catch(ignore);
    connection = undefined;
  };

  const leave = async (): Promise<IteratorResult<Event, void>> => {
    if (!isLeft) {
      isLeft = true;
      ending ??= "closed";
      letGo();
      call?.end();
      await tell(observers, "onStreamEnd", ending, place());
    }
    return { done: true, value: undefined };
  };

  const fail = async (error: unknown): Promise<IteratorResult<Event, void>> => {
    if (ending === "closed") return leave();
    ending ??= "failed";
    try {
      if (error instanceof StreamLimitError) Object.assign(error, place());
      // The error of a request was told of when it failed; this one came later.
      if (opened && error instanceof SdkError) {
        await tell(observers, "onError", error, opened.request);
      }
      throw error;
    } finally {
      await leave();
    }
  };

  const connect = async (
    asked: OperationRequest,
    asking: CallOptions,
    attempt?: number,
  ): Promise<Accepted> => {
    const { lastEventId } = position;
    const sending = { accept: mediaType, attempt, lastEventId };
    const accepted = await transport.send(call as Call, asked, asking, sending);
    const { status, headers, body } = accepted.response;
    const [type = ""] = headers.get("content-type")?.toLowerCase().split(";") ?? [];
    if (status === resume?.finished && asksFor(asked, resume)) {
      if (attempt) throw truncated();
      ending = "complete";
    } else if (type.trim() === mediaType && body) {
      const decoder = (rule.decoder ?? frameDecoder)(settings.frameLimits);
      connection = { accepted, body: body.getReader(), decoder };
    } else {
      const { requestId } = accepted;
      // What is no stream stays none if it breaks off.
      const text = await readText(accepted).catch((error: unknown) => {
        if (error instanceof RequestCancelledError) throw error;
        return "";
      });
      throw new ResponseDecodeError(`the answer is not ${mediaType}`, text, {
        requestId,
        lastEventId,
      });
    }
    return accepted;
  };

  const open = async (): Promise<Response> => {
    call = transport.begin(options);
    try {
      opened = await connect(request, options);
      return opened.response;
    } catch (error) {
      call.end();
      throw error;
    }
  };

  const response = (): Promise<Response> => (opening ??= open());

  /** Asks the server once for the events after the last one; gives the reason of a failure. */
  const tryToResume = async (reason: unknown): Promise<unknown> => {
    const again = position.request();
    const failure = breakOf(reason);
    if (!again && failure.kind === "reset") {
      // A timeout says more than that the stream was cut.
      throw reason instanceof APITimeoutError ? reason : truncated(reason);
    }
    fruitless += 1;
    const { delay, stop } = decideResume({
      attempt: fruitless,
      failure,
      policy: settings.retry,
      random: Math.random(),
    });
    if (stop === "attempts") throw truncated(reason);
    if (stop || !again) throw reason;
    await tell(observers, "onRetry", fruitless, delay, (reason ?? truncated()) as SdkError);
    await (call as Call).pause(delay);
    const { idempotencyKey: _key, query: _query, extraBody: _body, ...further } = options;
    try {
      await connect(again, further, fruitless);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  /** Reads one piece of the body; where there is none to come, the stream is taken up again. */
  const readPiece = async ({ accepted, body, decoder }: Connection): Promise<void> => {
    let reason: unknown;
    try {
      const { done, value } = await accepted.call.read(() => body.read());
      if (!done) return decoder.push(value);
      if (decoder.end?.()) return;
    } catch (cause) {
      reason = connectionError(cause, accepted);
    }
    letGo();
    if (!reason && (request.unfinished || !endsWithEvent)) ending = "complete";
    while (!connection && !ending) reason = await tryToResume(reason);
  };

  /** Nothing follows a terminal event, so a body that ends now leaves its connection to others. */
  const finish = (how: "complete" | "failed"): void => {
    const { body } = connection as Connection;
    ending = how;
    connection = undefined;
    call?.end();
    const cancel = (): Promise<void> => body.cancel().catch(ignore);
    const timer = setTimeout(cancel, LINGER);
    void body
      .read()
      .then(({ done }) => (done ? undefined : cancel()), ignore)
      .then(() => clearTimeout(timer));
  };

  /** Whether an event is to be given out; one that must not come at all raises. */
  const isNew = (event: JsonObject | undefined, frame: Frame): boolean => {
    const advance = position.advance(event, frame);
    if (advance === "new") fruitless = 0;
    if (advance === "gap") throw new StreamGapError("an event is missing", place());
    if (advance === "foreign") {
      throw new StreamForeignError("an event belongs to another stream", place());
    }
    return advance !== "repeated";
  };

  const giveBroken = (what: string, frame: Frame, cause?: unknown): Event | undefined => {
    const error = new ResponseDecodeError(`an event is not ${what}`, frame.data, place(cause));
    if (options.brokenEvents !== "yield") throw error;
    return isNew(undefined, frame) ? (error as Event) : undefined;
  };

  /** An event's error object stands in its field as it would stand in a body. */
  const reported = (event: JsonObject): Error => {
    const { at } = settings.product.errors;
    const error = event[errorField as string];
    const { lastEventId } = position;
    return transport.apiError(
      at === undefined ? error : { [at]: error },
      opened as Accepted,
      { lastEventId },
      "the stream ended with an error",
    );
  };

  /** Does what an event means by its kind; false for one that is not to be given out. */
  const heed = (event: JsonObject, kind: string, frame: Frame): boolean => {
    const role = roles.get(kind);
    if (role !== "heartbeat") {
      if (!isNew(event, frame)) return false;
      if (role) finish(role);
    }
    if (kind === errorKind) throw reported(event);
    if (!role) plain = kind;
    return true;
  };

  const acceptObject = (parsed: JsonObject, frame: Frame): Event | undefined => {
    let event = parsed;
    let kind = frame.event;
    if (discriminator) {
      const tag = parsed[discriminator];
      // An event whose kind only the frame states gets it as its tag, so that types hold.
      if (typeof tag === "string") kind = tag;
      else event = { ...parsed, [discriminator]: kind };
    }
    if (!(kind === plain ? isNew(event, frame) : heed(event, kind, frame))) return undefined;
    if (!errorKind && errorField && (event[errorField] ?? null) !== null) throw reported(event);
    observe(event as Event, kind);
    return event as Event;
  };

  /** Turns a frame into an event; undefined for one that was seen before or means nothing. */
  const accept = (given: Frame): Event | undefined => {
    if (given.data === sentinel) {
      finish("complete");
      return undefined;
    }
    const frame = whole?.(given) ?? given;
    const { data } = frame;
    if (data === "" && roles.get(frame.event) === "heartbeat") return undefined;
    if (!rule.text) return acceptJson(frame);
    position.advance(undefined, frame);
    observe(data as Event, "");
    return data as Event;
  };

  const acceptJson = (frame: Frame): Event | undefined => {
    let parsed: JsonValue;
    try {
      parsed = parseJson(frame.data);
    } catch (cause) {
      return giveBroken("JSON", frame, cause);
    }
    return isObject(parsed) ? acceptObject(parsed, frame) : giveBroken("an object", frame);
  };

  const readAhead = ({ decoder }: Connection): void => {
    ready = [];
    taken = 0;
    try {
      while (ready.length < AHEAD && decoder.next()) {
        const { event, data, id, hasId, isShort } = decoder;
        // Where there is no object, that is said when its turn comes.
        const isPlain = isJson && isShort && data.startsWith("{");
        const parsed = isPlain ? (jsonOr(data, undefined) as JsonObject | undefined) : undefined;
        ready.push({ event, data, id, hasId, parsed });
      }
    } catch (error) {
      broken = error;
    }
  };

  /** Turns the frames at hand into events until one is to be given out. */
  const take = (): Event | undefined => {
    while (!ending && connection) {
      if (taken === ready.length && !broken) readAhead(connection);
      const frame = ready[taken];
      if (!frame) {
        if (broken) throw broken;
        return undefined;
      }
      taken += 1;
      const { parsed } = frame;
      const event = parsed ? acceptObject(parsed, frame) : accept(frame);
      if (event !== undefined) return event;
    }
    return undefined;
  };

  const read = async (): Promise<IteratorResult<Event, void>> => {
    try {
      if (!ending) await response();
      for (;;) {
        const value = take();
        if (value !== undefined) {
          if (isWatched) await tell(observers, "onStreamEvent", value);
          return { done: false, value };
        }
        if (!connection) return await leave();
        await readPiece(connection);
      }
    } catch (error) {
      return fail(error);
    }
  };

  /** Lets calls that overlap wait for one another, as those of a generator do. */
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    pending += 1;
    const result = turn.then(act);
    const done = (): void => void (pending -= 1);
    turn = result.then(done, done);
    return result;
  };

  return {
    position,
    response,
    truncated,
    ending: () => ending,
    leave: () => inTurn(leave),
    close() {
      ending ??= "closed";
      letGo();
      call?.end();
      call?.cancel("the stream was closed");
    },
    next() {
      if (pending === 0 && !isWatched) {
        try {
          const value = take();
          if (value !== undefined) return Promise.resolve({ done: false, value });
        } catch (error) {
          return inTurn(() => fail(error));
        }
      }
      return inTurn(read);
    },
  };
}

/** A stream that stopped, for whatever reason on the way, is a stream that was cut. */
function breakOf(reason: unknown): Failure {
  const isCut =
    reason === undefined ||
    (reason instanceof APITimeoutError && reason.phase !== "total" && reason.sent);
  return isCut ? { kind: "reset" } : failureOf(reason);
}
