// Part of the SDK's fixed runtime: it is the same for every specification.

import type { SdkError, StreamPlace } from "./errors.js";

/** An attempt of a call. Its headers may be changed before it is sent. */
export interface AttemptRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
}

/** The head of an answer. */
export interface AttemptResponse {
  readonly request: AttemptRequest;
  readonly status: number;
  readonly headers: Headers;
  readonly requestId: string | undefined;
  /** How long the head took to come, in milliseconds. */
  readonly duration: number;
}

/**
 * Looks on while calls are made, and may change what is sent.
 *
 * For every attempt a client's interceptors are called in the order in which they were given, then
 * those of the call. A method may give a promise, which is waited for. What it throws ends the call
 * and reaches the caller as it is: the others are not called, nothing is repeated, and the connection
 * is freed.
 */
export interface Interceptor {
  /** Before each attempt. */
  beforeRequest?(request: AttemptRequest): void | Promise<void>;
  /** After the head of each answer, whatever its status. */
  afterResponse?(response: AttemptResponse): void | Promise<void>;
  /** Before a call raises the error of its last attempt. */
  onError?(error: SdkError, request: AttemptRequest): void | Promise<void>;
  /** After an attempt that failed, before the pause (in milliseconds) until the next. */
  onRetry?(
    attempt: number,
    delay: number,
    cause: SdkError,
    request?: AttemptRequest,
  ): void | Promise<void>;
  /** Before an event of a stream is given out. */
  onStreamEvent?(event: unknown): void | Promise<void>;
}

/** What the SDK's own log sees beside. */
export interface Observer extends Interceptor {
  /** When a stream was read to its end, or left. */
  onStreamEnd?(ending: string, place: StreamPlace): void;
}

type Hook = keyof Observer;
type Told<Name extends Hook> = Parameters<Required<Observer>[Name]>;

/** Calls one method of all that look on, in order. */
export async function tell<Name extends Hook>(
  observers: readonly Observer[],
  hook: Name,
  ...told: Told<Name>
): Promise<void> {
  for (const each of observers) {
    await (each[hook] as ((...told: Told<Name>) => void | Promise<void>) | undefined)?.(...told);
  }
}
