// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import type { Extension } from "./settings.js";
import type { Call } from "./timeouts.js";
import type { TransportSettings } from "./transport.js";

type Send = TransportSettings["send"];

/** How much a client asks of a server, over all its calls and their attempts. */
export interface ThrottleOptions {
  /**
   * So many requests at once; absent: any number. One is in flight until its answer is read, a
   * stream until it ends or is closed.
   */
  readonly inFlight?: number;
  /** So many requests a second; absent: any number. */
  readonly perSecond?: number;
  /** So many of them may go together after a rest; absent: one. */
  readonly burst?: number;
}

/**
 * Holds a client back: who has to wait goes in the order of the calls, within the total time of
 * each. Clients that a scope makes of it count with it.
 */
export function throttle({ inFlight, perSecond, burst = 1 }: ThrottleOptions): Extension {
  check("inFlight", inFlight, isCount);
  check("perSecond", perSecond, (value) => value > 0 && value < Infinity);
  check("burst", burst, isCount);
  return (settings) => ({
    ...settings,
    send: throttled(
      settings.send,
      new Places(inFlight ?? Infinity),
      new Pace(perSecond ?? Infinity, burst),
    ),
  });
}

function throttled(send: Send, places: Places, pace: Pace): Send {
  return async (url, init, call) => {
    // What fetches a token has no clock of a call; its call has not begun to send.
    if (!call) return send(url, init);
    const hasWaited = await places.take(call);
    try {
      const ahead = pace.turn(performance.now());
      if (ahead) await call.pause(ahead);
      // The time for an answer begins now.
      const signal = hasWaited || ahead ? call.beginAttempt() : (init.signal ?? null);
      return held(await send(url, { ...init, signal }, call), () => places.leave());
    } catch (error) {
      places.leave();
      throw error;
    }
  };
}

function check(name: string, value: number | undefined, isGood: (value: number) => boolean): void {
  if (value !== undefined && !isGood(value)) {
    throw new ConfigurationError(`${name} is a number above 0, of requests a whole one`);
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

/** Turns at a rate, some of them together after a rest. Times are in milliseconds. */
export class Pace {
  readonly #interval: number;
  readonly #ahead: number;
  /** When the next turn would be, if none came together. */
  #next = -Infinity;

  constructor(perSecond: number, burst: number) {
    this.#interval = 1_000 / perSecond;
    this.#ahead = (burst - 1) * this.#interval;
  }

  /** Takes the next turn; gives how many milliseconds it is away. */
  turn(now: number): number {
    const due = Math.max(this.#next, now);
    this.#next = due + this.#interval;
    return Math.max(0, due - this.#ahead - now);
  }
}

/** So many places, each taken by who asked for it first. */
class Places {
  #free: number;
  /** What lets each of those in that wait, in their order. */
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place as soon as there is one; says whether that took time. */
  async take(call: Call): Promise<boolean> {
    if (this.#free) {
      this.#free -= 1;
      return false;
    }
    const { patience } = call;
    // The wait for a place is no wait for an answer: only the total time bounds it.
    call.patience = Infinity;
    const signal = call.beginAttempt();
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => {
        // One that was let in has settled, and what it sends is aborted by the same reason.
        if (this.#waiting.delete(resolve)) reject(signal.reason as Error);
      });
    });
    call.patience = patience;
    return true;
  }

  /** Gives a place to who waits longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else {
      this.#free += 1;
    }
  }
}

/** Gives an answer that leaves its place once its body is over: read, broken off or cancelled. */
function held(response: Response, leave: () => void): Response {
  const reader = response.body?.getReader();
  let isOver = false;
  const end = (): void => {
    if (!isOver) leave();
    isOver = true;
  };
  if (!reader) {
    end();
    return response;
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (value) controller.enqueue(value);
          if (done) controller.close();
          if (done) end();
        } catch (error) {
          end();
          throw error;
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  // Another answer would have no address, and refuses the statuses that no standard knows.
  return Object.defineProperty(response, "body", { value: body });
}
