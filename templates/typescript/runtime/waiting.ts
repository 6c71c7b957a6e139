// Part of the SDK's fixed runtime: it is the same for every specification.

import { APITimeoutError, type SdkError } from "./errors.js";
import type { JsonObject } from "./json.js";
import { Call } from "./timeouts.js";
import type { CallOptions, Transport } from "./transport.js";

/** How it is told that something is decided. */
export interface WaitRule {
  /** The field of the answer that says so, and its values that do not. */
  readonly field: string;
  readonly pending: readonly string[];
  /** How many seconds the server waits at most. */
  readonly most: number;
}

/** How long to wait, in milliseconds; absent: five minutes. */
export interface WaitOptions {
  readonly timeout?: number;
}

/** How many milliseconds to wait for where a caller does not say. */
export const ANY_TIME = 300_000;

/** How many milliseconds to wait before asking a server again that did not wait itself. */
const PAUSE = 500;

/** Asks again and again until something is decided, each time for so many seconds. */
export async function pollUntilDecided<Data extends object>(
  transport: Transport,
  { field, pending, most }: WaitRule,
  ask: (seconds: number, options: CallOptions) => Promise<Data>,
  { timeout = ANY_TIME, ...options }: CallOptions & WaitOptions = {},
  tooLate: () => SdkError = () => new APITimeoutError("total", timeout),
): Promise<Data> {
  const call = new Call({ ...transport.settings.timeouts, total: timeout }, options.signal);
  const firstByte = options.timeouts?.firstByte ?? transport.settings.timeouts.firstByte;
  try {
    for (;;) {
      const left = Math.max(call.remaining, 0);
      const seconds = Math.min(most, Math.ceil(left / 1_000));
      const timeouts = { ...options.timeouts, firstByte: firstByte + seconds * 1_000 };
      const found = await ask(seconds, { ...options, timeouts });
      if (!pending.includes((found as JsonObject)[field] as string)) return found;
      if (left - call.remaining < PAUSE) await call.pause(PAUSE);
      if (call.remaining <= 0) throw tooLate();
    }
  } finally {
    call.end();
  }
}
