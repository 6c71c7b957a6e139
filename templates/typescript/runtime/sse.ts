// Part of the SDK's fixed runtime: it is the same for every specification.

import { StreamLimitError } from "./errors.js";

/** One dispatched event, as WHATWG HTML's "Interpreting an event stream" defines it. */
export interface Frame {
  readonly event: string;
  readonly data: string;
  /** The last event id when the event was dispatched; empty when there was none. */
  readonly id: string;
}

/** The longest line and the most data of one event that a decoder takes, in bytes. */
export interface FrameLimits {
  readonly line: number;
  readonly event: number;
}

/** Turns the bytes of a stream into frames, whatever its framing is. */
export interface Decoder {
  push(chunk: Uint8Array, frames: Frame[]): void;
  /** What the end of the body completes; absent: nothing. */
  end?(frames: Frame[]): void;
}

export const defaultFrameLimits: FrameLimits = { line: 1_048_576, event: 16_777_216 };

const LF = 10;
const CR = 13;
const UTF8 = new TextEncoder();

/**
 * Turns the bytes of an event stream into frames, in time linear in the bytes.
 *
 * The lines that a chunk completes become text all at once; the rest is held as bytes. A block that
 * the end of the body cuts off is never dispatched.
 */
export class FrameDecoder implements Decoder {
  /** The id that a reconnecting client sends. */
  lastEventId = "";
  /** The reconnection time that the stream asked for, in milliseconds. */
  retry: number | undefined;

  readonly #limits: FrameLimits;
  // A byte order mark is dropped by hand: a text decoder would drop one at each chunk.
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #held = new Uint8Array(256);
  #heldLength = 0;
  #atStart = true;
  #afterCr = false;
  /** Whether all of the text at hand is ASCII, so that its length is that of its bytes. */
  #isAscii = true;
  #event = "";
  #id = "";
  #data: string | undefined;
  #dataBytes = 0;

  constructor(limits: FrameLimits = defaultFrameLimits) {
    this.#limits = limits;
  }

  /**
   * Adds the frames that `chunk` completes to `frames`.
   *
   * A `StreamLimitError` leaves the frames before the fault in `frames`.
   */
  push(chunk: Uint8Array, frames: Frame[]): void {
    const start = this.#skipLineFeed(chunk);
    const end = Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1;
    if (end > start) {
      this.#afterCr = end === chunk.length && chunk[end - 1] === CR;
      this.#lines(this.#complete(chunk.subarray(start, end)), frames);
    }
    this.#hold(chunk.subarray(Math.max(start, end)));
    if (this.#heldLength > this.#limits.line) this.#fail("line");
  }

  #skipLineFeed(chunk: Uint8Array): number {
    if (!this.#afterCr || chunk.length === 0) return 0;
    this.#afterCr = false;
    return chunk[0] === LF ? 1 : 0;
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length;
    if (length > this.#held.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = length;
  }

  /** Gives the text of what is held and of the lines that complete it, with LF at each end. */
  #complete(lines: Uint8Array): string {
    let bytes = lines;
    if (this.#heldLength > 0) {
      this.#hold(lines);
      bytes = this.#held.subarray(0, this.#heldLength);
      this.#heldLength = 0;
    }
    const text = this.#text.decode(bytes);
    this.#isAscii = text.length === bytes.length;
    const plain = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    if (!this.#atStart) return plain;
    this.#atStart = false;
    return plain.startsWith("\ufeff") ? plain.slice(1) : plain;
  }

  /** Reads lines that all have their ends; most are `data: …` or blank. */
  #lines(text: string, frames: Frame[]): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      if (end === start) this.#dispatch(frames);
      else this.#line(text, start, end);
      start = end + 1;
    }
  }

  #line(text: string, start: number, end: number): void {
    const limit = this.#limits.line;
    if ((end - start) * 3 > limit && this.#bytes(text.slice(start, end)) > limit) {
      this.#fail("line");
    }
    if (text.startsWith("data: ", start)) this.#addData(text.slice(start + 6, end));
    else if (text.startsWith("event: ", start)) this.#event = text.slice(start + 7, end);
    else this.#field(text.slice(start, end));
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const from = colon < 0 ? line.length : colon + 1;
    const value = line.slice(line.startsWith(" ", from) ? from + 1 : from);
    if (name === "data") this.#addData(value);
    else if (name === "event") this.#event = value;
    else if (name === "retry") this.#setRetry(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  #addData(value: string): void {
    const bytes = this.#bytes(value);
    if (this.#data === undefined) {
      this.#data = value;
      this.#dataBytes = bytes;
    } else {
      this.#data += `\n${value}`;
      this.#dataBytes += bytes + 1;
    }
    if (this.#dataBytes > this.#limits.event) this.#fail("event");
  }

  #bytes(text: string): number {
    return this.#isAscii ? text.length : UTF8.encode(text).length;
  }

  #setRetry(value: string): void {
    if (/^[0-9]+$/.test(value)) this.retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
  }

  #dispatch(frames: Frame[]): void {
    this.lastEventId = this.#id;
    if (this.#data !== undefined) {
      frames.push({ event: this.#event || "message", data: this.#data, id: this.#id });
      this.#data = undefined;
    }
    this.#event = "";
  }

  #fail(limit: "line" | "event"): never {
    throw new StreamLimitError(limit, this.#limits[limit]);
  }
}
