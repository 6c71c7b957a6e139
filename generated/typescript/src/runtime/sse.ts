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

/** Finds the frames in the bytes of a stream, whatever its framing is; it is the one found last. */
export interface Decoder extends Frame {
  /** Adds bytes, once there is no further frame in those before. */
  push(chunk: Uint8Array): void;
  /** Moves to the next frame; false where the bytes so far complete none. */
  next(): boolean;
  /** Says that no bytes follow, and whether that completes a frame; absent: it never does. */
  end?(): boolean;
}

export const defaultFrameLimits: FrameLimits = { line: 1_048_576, event: 16_777_216 };

const LF = 10;
const CR = 13;
const UTF8 = new TextEncoder();

/**
 * Finds the frames of an event stream, in time linear in its bytes.
 *
 * The lines that a chunk completes become text all at once; the rest is held as bytes. A block that
 * the end of the body cuts off is never dispatched. No object is made for a frame.
 */
export class FrameDecoder implements Decoder {
  event = "";
  data = "";
  id = "";
  /** The id that a reconnecting client sends. */
  lastEventId = "";
  /** The reconnection time that the stream asked for, in milliseconds. */
  retry: number | undefined;

  readonly #limits: FrameLimits;
  // A byte order mark is dropped by hand: a text decoder would drop one at each chunk.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Lines that all have their ends, and how far they are read. */
  #text = "";
  #at = 0;
  /** Whether the text is ASCII, so that its length is that of its bytes. */
  #isAscii = true;
  #held = new Uint8Array(256);
  #heldLength = 0;
  #isStart = true;
  #isAfterCr = false;
  /** What the lines of the block at hand say. */
  #name = "";
  #lines: string | undefined;
  #bytes = 0;
  #lastId = "";

  constructor(limits: FrameLimits = defaultFrameLimits) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const start = this.#isAfterCr && chunk[0] === LF ? 1 : 0;
    // Nearly every chunk has an LF near its end, and few have any CR to be looked for.
    const behind = chunk.lastIndexOf(LF) + 1;
    const end = behind + chunk.subarray(behind).lastIndexOf(CR) + 1;
    this.#isAfterCr = end === chunk.length && chunk[end - 1] === CR;
    if (end > start) this.#complete(chunk.subarray(start, end));
    this.#hold(chunk.subarray(Math.max(start, end)));
  }

  /** Raises a `StreamLimitError` where a line or an event is too long. */
  next(): boolean {
    const text = this.#text;
    for (let end = text.indexOf("\n", this.#at); end >= 0; end = text.indexOf("\n", this.#at)) {
      const start = this.#at;
      this.#at = end + 1;
      if (end > start) this.#line(text, start, end);
      else if (this.#dispatch()) return true;
    }
    if (this.#heldLength > this.#limits.line) this.#fail("line");
    return false;
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

  /** Makes text of what is held and of the lines that complete it, with LF at each end. */
  #complete(lines: Uint8Array): void {
    let bytes = lines;
    if (this.#heldLength > 0) {
      this.#hold(lines);
      bytes = this.#held.subarray(0, this.#heldLength);
      this.#heldLength = 0;
    }
    const text = this.#decoder.decode(bytes);
    this.#isAscii = text.length === bytes.length;
    this.#text = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    this.#at = this.#isStart && text.startsWith("\ufeff") ? 1 : 0;
    this.#isStart = false;
  }

  #line(text: string, start: number, end: number): void {
    const limit = this.#limits.line;
    if ((end - start) * 3 > limit && this.#size(text.slice(start, end)) > limit) this.#fail("line");
    if (text.startsWith("data: ", start)) this.#addData(text.slice(start + 6, end));
    else if (text.startsWith("event: ", start)) this.#name = text.slice(start + 7, end);
    else this.#field(text.slice(start, end));
  }

  #field(line: string): void {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) as RegExpExecArray;
    if (name === "data") this.#addData(value);
    else if (name === "event") this.#name = value;
    else if (name === "id" && !value.includes("\0")) this.#lastId = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) {
      this.retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
    }
  }

  #addData(value: string): void {
    const bytes = this.#size(value);
    const isFirst = this.#lines === undefined;
    this.#lines = isFirst ? value : `${this.#lines}\n${value}`;
    this.#bytes = isFirst ? bytes : this.#bytes + bytes + 1;
    if (this.#bytes > this.#limits.event) this.#fail("event");
  }

  #size(text: string): number {
    return this.#isAscii ? text.length : UTF8.encode(text).length;
  }

  #dispatch(): boolean {
    const data = this.#lines;
    this.lastEventId = this.#lastId;
    this.event = this.#name || "message";
    this.#name = "";
    if (data === undefined) return false;
    this.#lines = undefined;
    this.data = data;
    this.id = this.#lastId;
    return true;
  }

  #fail(limit: "line" | "event"): never {
    throw new StreamLimitError(limit, this.#limits[limit]);
  }
}
