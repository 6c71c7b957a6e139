// Part of the SDK's fixed runtime: it is the same for every specification.

import { environmentNumber, environmentValue } from "./environment.js";
import { ConfigurationError } from "./errors.js";
import type { Interceptor } from "./interceptors.js";
import { CallLog, logLevel, type Logger, type LogLevel } from "./logging.js";
import type { HeaderValues } from "./request.js";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.js";
import { defaultFrameLimits, type FrameLimits } from "./sse.js";
import { defaultTimeouts, type Timeouts } from "./timeouts.js";
import {
  knownHeaders,
  mappedHeaders,
  type Credential,
  type Fetch,
  type Product,
  type TransportSettings,
} from "./transport.js";

/** What every client may be made with, whatever its specification. */
export interface ConnectionOptions {
  /** Where the API is; a path in it stands before every path of the API. */
  readonly baseUrl?: string;
  /** In milliseconds. */
  readonly timeouts?: Partial<Timeouts>;
  readonly retry?: Partial<RetryPolicy>;
  /** The longest line and event that a stream may have, in bytes. */
  readonly frameLimits?: Partial<FrameLimits>;
  /** Headers of every request. */
  readonly headers?: HeaderValues;
  /** `false` keeps back the headers that say what made a request. */
  readonly platformHeaders?: boolean;
  /** Gives the headers of the present trace (W3C `traceparent` and `tracestate`). */
  readonly traceContext?: () => HeaderValues;
  /** Called in this order, for every attempt of every call. */
  readonly interceptors?: readonly Interceptor[];
  /** What takes the log; absent: the console. It is given nothing secret. */
  readonly logger?: Logger;
  /** The least that is logged; absent: the environment's, else `warn`. */
  readonly logLevel?: LogLevel;
  /** What requests are sent with; absent: the platform's `fetch`. */
  readonly fetch?: Fetch;
}

/** Settles what a client is made with: its options, then the environment, then the defaults. */
export function transportSettings(
  product: Product,
  credentials: Readonly<Record<string, Credential>>,
  options: ConnectionOptions,
): TransportSettings {
  const variable = (name: string): string => `${product.environment}_${name}`;
  const baseUrl = options.baseUrl ?? environmentValue(variable("BASE_URL")) ?? product.baseUrl;
  if (baseUrl === undefined) throw new ConfigurationError("the client needs a base URL");
  const settings: TransportSettings = {
    product,
    baseUrl,
    credentials,
    headers: {
      ...mapsFromEnvironment(product),
      ...mappedHeaders(product.headerMaps, options),
      ...options.headers,
    },
    timeouts: { ...environmentTimeouts(variable), ...options.timeouts },
    retry: {
      ...defaultRetryPolicy,
      maxAttempts: environmentNumber(variable("MAX_ATTEMPTS")) ?? defaultRetryPolicy.maxAttempts,
      ...options.retry,
    },
    frameLimits: { ...defaultFrameLimits, ...options.frameLimits },
    platformHeaders: options.platformHeaders,
    traceContext: options.traceContext,
    fetch: options.fetch,
  };
  const level = options.logLevel ?? logLevel(environmentValue(variable("LOG"))) ?? "warn";
  const log = new CallLog(options.logger ?? console, level, settings);
  return { ...settings, observers: [log, ...(options.interceptors ?? [])] };
}

/** The environment counts in seconds, as it does for every language. */
function environmentTimeouts(variable: (name: string) => string): Timeouts {
  const limit = (name: string, usual: number): number => {
    const seconds = environmentNumber(variable(`TIMEOUT_${name}`));
    return seconds === undefined ? usual : seconds * 1_000;
  };
  const { connect, firstByte, idle, total } = defaultTimeouts;
  return {
    connect: limit("CONNECT", connect),
    firstByte: limit("FIRST_BYTE", firstByte),
    idle: limit("IDLE", idle),
    total: limit("TOTAL", total),
  };
}

function mapsFromEnvironment(product: Product): HeaderValues {
  const found: Record<string, string | undefined> = {};
  for (const map of Object.values(product.headerMaps)) {
    for (const [name, header] of knownHeaders(map)) {
      const variable = `${map.environment}_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
      found[header] = environmentValue(variable);
    }
  }
  return found;
}
