// Part of the SDK's fixed runtime: it is the same for every specification.

import { APITimeoutError } from "./errors.js";
import type { JsonObject } from "./json.js";
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

/** Asks again and again until something is decided, each time for so many seconds. */
export async function pollUntilDecided<Data extends object>(
  transport: Transport,
  { field, pending, most }: WaitRule,
  ask: (seconds: number, options: CallOptions) => Promise<Data>,
  { timeout = 300_000, ...options }: CallOptions & WaitOptions = {},
): Promise<Data> {
  const deadline = performance.now() + timeout;
  const firstByte = options.timeouts?.firstByte ?? transport.settings.timeouts.firstByte;
  for (;;) {
    const left = Math.max(deadline - performance.now(), 0);
    const seconds = Math.min(most, Math.floor(left / 1_000));
    const timeouts = { ...options.timeouts, firstByte: firstByte + seconds * 1_000 };
    const found = await ask(seconds, { ...options, timeouts });
    if (!pending.includes((found as JsonObject)[field] as string)) return found;
    if (performance.now() >= deadline) throw new APITimeoutError("total", timeout);
  }
}
