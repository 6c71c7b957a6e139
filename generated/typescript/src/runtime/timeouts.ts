// Part of the SDK's fixed runtime: it is the same for every specification.

import { APITimeoutError, RequestCancelledError, type TimeoutPhase } from "./errors.js";

/** Limits of time, in milliseconds; `Infinity` lifts one. */
export interface Timeouts {
  /** To reach the server. `fetch` does not say when it has, so this adds to `firstByte`. */
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

const LONGEST_TIMER = 2_147_483_647;

/**
 * The clock and the off switch of one call, over all its attempts.
 *
 * One timer serves every limit. It is moved only when a limit comes nearer, so that a busy stream
 * costs a reading of the clock for a piece of its body, not a timer.
 */
export class Call {
  readonly timeouts: Timeouts;
  /** How much longer the head of an answer may take. */
  patience = 0;
  readonly #totalDue: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.cancel(this.#signal?.reason);
  #controller = new AbortController();
  #cancelled: RequestCancelledError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Infinity;
  #due = Infinity;
  #phase: TimeoutPhase = "total";
  #limit = Infinity;
  #giveUp: ((reason: Error) => void) | undefined;

  constructor(timeouts: Timeouts, signal?: AbortSignal) {
    this.timeouts = timeouts;
    this.#totalDue = performance.now() + timeouts.total;
    this.#signal = signal;
    if (signal?.aborted) this.cancel(signal.reason);
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
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
    this.#expect("idle", this.timeouts.idle);
    try {
      // A body whose decompression failed never settles in Node, not even by its signal.
      return await new Promise<Piece>((resolve, reject) => {
        this.#giveUp = reject;
        next().then(resolve, reject);
      });
    } finally {
      this.#giveUp = undefined;
      this.#due = Infinity;
    }
  }

  /** Pauses between attempts; cancelling and the total limit end the pause with their error. */
  async pause(milliseconds: number): Promise<void> {
    const signal = this.#renew();
    this.#expect("total", Infinity);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      const give = (): void => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", give, { once: true });
    });
  }

  /** How many milliseconds are left of the total. */
  get remaining(): number {
    return this.#totalDue - performance.now();
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
    this.#firesAt = Infinity;
    this.#due = Infinity;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  #stop(reason: Error): void {
    this.#controller.abort(reason);
    this.#giveUp?.(reason);
  }

  #renew(): AbortSignal {
    if (this.#cancelled) throw this.#cancelled;
    this.#controller = new AbortController();
    return this.#controller.signal;
  }

  #expect(phase: TimeoutPhase, limit: number): void {
    this.#phase = phase;
    this.#limit = limit;
    this.#due = performance.now() + limit;
    if (Math.min(this.#due, this.#totalDue) < this.#firesAt) this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const due = Math.min(this.#due, this.#totalDue);
    this.#firesAt = due;
    if (due === Infinity) return;
    const delay = Math.min(Math.max(due - performance.now(), 0), LONGEST_TIMER);
    this.#timer = setTimeout(() => this.#onTimer(), delay);
  }

  #onTimer(): void {
    const now = performance.now();
    if (now >= this.#totalDue) {
      this.#stop(new APITimeoutError("total", this.timeouts.total));
    } else if (now >= this.#due) {
      this.#stop(new APITimeoutError(this.#phase, this.#limit));
    }
    if (!this.#controller.signal.aborted) this.#arm();
    else this.#firesAt = Infinity;
  }
}
