// Part of the SDK's fixed runtime: it is the same for every specification.

import { APITimeoutError, RequestCancelledError, type TimeoutPhase } from "./errors.js";

/** Limits of time, in milliseconds; `Infinity` lifts one. */
export interface Timeouts {
  /**
   * To reach the server. `fetch` does not say when it has, so this adds to `firstByte`; where only
   * that is set, it bounds both together.
   */
  readonly connect: number;
  /** From the connection to the head of the answer. */
  readonly firstByte: number;
  /** Between two pieces of a body, while somebody waits for the next. */
  readonly idle: number;
  /** The whole call: every attempt, every pause between them, the body to its end. */
  readonly total: number;
}

export const defaultTimeouts: Timeouts = {
  connect: 5_000,
  firstByte: 60_000,
  idle: 60_000,
  total: 600_000,
};

/** Adds limits to others. A `firstByte` that stands alone bounds the way to the server too. */
export function withTimeouts(before: Timeouts, given: Partial<Timeouts> = {}): Timeouts {
  return { ...before, ...(given.firstByte && { connect: 0 }), ...given };
}

/** A timer that is to wait longer would fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** The clock and the off switch of one call, over all its attempts. One timer serves all limits. */
export class Call {
  readonly timeouts: Timeouts;
  /** How much longer the head of an answer may take. */
  patience = 0;
  /** When the time of the whole call is over; who waits for people puts it off. */
  due: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.cancel(this.#signal?.reason);
  #controller = new AbortController();
  #cancelled: RequestCancelledError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ((reason: Error) => void) | undefined;

  constructor(timeouts: Timeouts, signal?: AbortSignal) {
    this.timeouts = timeouts;
    this.due = performance.now() + timeouts.total;
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
  }

  /** Starts an attempt: its signal aborts when a limit passes or the call is cancelled. */
  beginAttempt(): AbortSignal {
    const signal = this.#renew();
    const { connect, firstByte } = this.timeouts;
    this.#expect("first_byte", connect + firstByte + this.patience);
    return signal;
  }

  /** Waits for a piece of a body, under the idle limit. */
  async read<Piece>(next: () => Promise<Piece>): Promise<Piece> {
    try {
      // A body whose decompression failed never settles in Node, not even by its signal.
      return await new Promise<Piece>((resolve, reject) => {
        this.#giveUp = reject;
        this.#expect("idle", this.timeouts.idle);
        next().then(resolve, reject);
      });
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Pauses between attempts; cancelling ends the pause with its error. */
  async pause(milliseconds: number): Promise<void> {
    this.#renew();
    await new Promise<void>((resolve, reject) => {
      this.#giveUp = reject;
      this.#timer = setTimeout(resolve, Math.min(milliseconds, this.remaining));
    });
  }

  /** How many milliseconds are left of the total. */
  get remaining(): number {
    return this.due - performance.now();
  }

  /** Why the current attempt was stopped from our side, if it was. */
  get stopped(): Error | undefined {
    return this.#controller.signal.reason as Error | undefined;
  }

  /** Stops the call; whatever waits for it fails with a `RequestCancelledError`. */
  cancel(reason: unknown): void {
    this.#cancelled ??= new RequestCancelledError(reason);
    this.#stop(this.#cancelled);
  }

  /** Lets go of the timer and of the caller's signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  #stop(reason: Error): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
    this.#giveUp?.(reason);
  }

  #renew(): AbortSignal {
    if (this.#cancelled) throw this.#cancelled;
    clearTimeout(this.#timer);
    this.#controller = new AbortController();
    return this.#controller.signal;
  }

  #expect(phase: TimeoutPhase, limit: number): void {
    clearTimeout(this.#timer);
    const left = this.remaining;
    const stop = (): void =>
      this.#stop(
        limit < left
          ? new APITimeoutError(phase, limit)
          : new APITimeoutError("total", this.timeouts.total),
      );
    const delay = Math.min(limit, left);
    // A body that never pauses is over too when the time of the whole call is.
    if (delay <= 0) stop();
    else if (delay <= LONGEST_TIMER) this.#timer = setTimeout(stop, delay);
  }
}
