// Part of the SDK's fixed runtime: it is the same for every specification.

import { environmentValue } from "./environment.js";
import type { SdkError, StreamPlace } from "./errors.js";
import type { AttemptRequest, AttemptResponse, Observer } from "./interceptors.js";
import type { JsonObject } from "./json.js";
import { redacted, redactedText, secretsOf } from "./redaction.js";
import type { Extension } from "./settings.js";
import type { TransportSettings } from "./transport.js";

/** What is logged: requests, answers and ends of streams; repetitions and errors; nothing. */
export type LogLevel = "debug" | "info" | "warn" | "off";

/** What takes the records of the log; `console` is one. */
export interface Logger {
  debug(message: string, fields: JsonObject): void;
  info(message: string, fields: JsonObject): void;
  warn(message: string, fields: JsonObject): void;
}

/** Where the log goes, and how much of it. */
export interface LogOptions {
  /** What takes the log; absent: the console. It is given nothing secret. */
  readonly logger?: Logger;
  /** The least that is logged; absent: `warn`. */
  readonly logLevel?: LogLevel | undefined;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "off"];

/** Reads a level; any other text counts as absent. */
function logLevel(text: string | undefined): LogLevel | undefined {
  return LEVELS.find((level) => level === text?.toLowerCase());
}

/** Gives options of a log; what they leave out comes from the variable of this prefix. */
export function logOptions(prefix: string, options: LogOptions): LogOptions {
  return { logLevel: logLevel(environmentValue(`${prefix}_LOG`)), ...options };
}

/** Adds a log, and takes every secret out of it and out of the messages of errors. */
export function logged({ logger = console, logLevel = "warn" }: LogOptions = {}): Extension {
  return (settings) => ({
    ...settings,
    observers: [new CallLog(logger, logLevel, settings), ...settings.observers],
    show: (text, request) => redactedText(text, secretsOf(settings, request)),
  });
}

/** Writes what happens to a client's calls, with nothing secret in it. */
class CallLog implements Observer {
  readonly #logger: Logger;
  readonly #lowest: number;
  readonly #settings: TransportSettings;

  constructor(logger: Logger, level: LogLevel, settings: TransportSettings) {
    this.#logger = logger;
    this.#lowest = LEVELS.indexOf(level);
    this.#settings = settings;
  }

  afterResponse({ request, status, requestId, duration }: AttemptResponse): void {
    const fields = { status, requestId, duration, ...described(request) };
    this.#write("debug", "answered", fields, request);
  }

  onError(error: SdkError, request: AttemptRequest): void {
    this.#write("info", "failed", { error: String(error), ...described(request) }, request);
  }

  onRetry(attempt: number, delay: number, cause: SdkError): void {
    this.#write("info", "trying again", { attempt, delay, cause: String(cause) });
  }

  onStreamEnd(ending: string, place: StreamPlace): void {
    this.#write("debug", "stream ended", { ending, ...place });
  }

  #write(
    level: "debug" | "info" | "warn",
    message: string,
    fields: JsonObject,
    request?: AttemptRequest,
  ): void {
    if (LEVELS.indexOf(level) < this.#lowest) return;
    this.#logger[level](
      message,
      redacted(fields, secretsOf(this.#settings, request)) as JsonObject,
    );
  }
}

function described(request: AttemptRequest): JsonObject {
  return { ...request, headers: Object.fromEntries(request.headers) };
}
