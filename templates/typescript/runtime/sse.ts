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
const SPACE = 32;
const COLON = 58;
// The names of the fields, in ASCII.
const DATA = [100, 97, 116, 97];
const EVENT = [101, 118, 101, 110, 116];
const ID = [105, 100];
const RETRY = [114, 101, 116, 114, 121];

/**
 * Turns the bytes of an event stream into frames, in time linear in the bytes.
 *
 * Lines are found in the bytes and only field values become text: no byte is copied but those of a
 * line that a chunk cuts off. A block that the end of the body cuts off is never dispatched.
 */
export class FrameDecoder implements Decoder {
  /** The id that a reconnecting client sends. */
  lastEventId = "";
  /** The reconnection time that the stream asked for, in milliseconds. */
  retry: number | undefined;

  readonly #limits: FrameLimits;
  // A byte order mark is dropped by hand: a text decoder would drop one at each field.
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #held = new Uint8Array(256);
  #heldLength = 0;
  #atStart = true;
  #afterCr = false;
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
    const length = chunk.length;
    let start = this.#skipLineFeed(chunk);
    let lf = position(chunk, LF, start);
    let cr = position(chunk, CR, start);
    for (let end = Math.min(lf, cr); end < length; end = Math.min(lf, cr)) {
      this.#endLine(chunk, start, end, frames);
      start = end + 1;
      if (end === cr) {
        this.#afterCr = start === length;
        if (chunk[start] === LF) start += 1;
        cr = position(chunk, CR, start);
      }
      if (lf < start) lf = position(chunk, LF, start);
    }
    if (start < length) this.#hold(chunk, start, length);
  }

  #skipLineFeed(chunk: Uint8Array): number {
    if (!this.#afterCr || chunk.length === 0) return 0;
    this.#afterCr = false;
    return chunk[0] === LF ? 1 : 0;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#heldLength + end - start;
    if (length > this.#limits.line) throw new StreamLimitError("line", this.#limits.line);
    if (length > this.#held.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldLength);
    this.#heldLength = length;
  }

  #endLine(chunk: Uint8Array, start: number, end: number, frames: Frame[]): void {
    if (this.#heldLength > 0) {
      this.#hold(chunk, start, end);
      const length = this.#heldLength;
      this.#heldLength = 0;
      this.#line(this.#held, 0, length, frames);
    } else if (end - start > this.#limits.line) {
      throw new StreamLimitError("line", this.#limits.line);
    } else {
      this.#line(chunk, start, end, frames);
    }
  }

  #line(bytes: Uint8Array, lineStart: number, end: number, frames: Frame[]): void {
    let start = lineStart;
    if (this.#atStart) {
      this.#atStart = false;
      if (hasByteOrderMark(bytes, start, end)) start += 3;
    }
    if (start === end) this.#dispatch(frames);
    else this.#field(bytes, start, end);
  }

  #field(bytes: Uint8Array, start: number, end: number): void {
    const name = fieldOf(bytes[start]);
    const from = name === undefined ? -1 : valueStart(bytes, start, end, name);
    if (from < 0) return;
    const value = from === end ? "" : this.#text.decode(bytes.subarray(from, end));
    if (name === DATA) this.#addData(value, end - from);
    else if (name === EVENT) this.#event = value;
    else if (name === RETRY) this.#setRetry(value);
    else if (!value.includes("\0")) this.#id = value;
  }

  #addData(value: string, bytes: number): void {
    if (this.#data === undefined) {
      this.#data = value;
      this.#dataBytes = bytes;
    } else {
      this.#data += `\n${value}`;
      this.#dataBytes += bytes + 1;
    }
    if (this.#dataBytes > this.#limits.event) {
      throw new StreamLimitError("event", this.#limits.event);
    }
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
}

function position(bytes: Uint8Array, byte: number, from: number): number {
  const found = bytes.indexOf(byte, from);
  return found < 0 ? bytes.length : found;
}

function hasByteOrderMark(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= 3 &&
    bytes[start] === 0xef &&
    bytes[start + 1] === 0xbb &&
    bytes[start + 2] === 0xbf
  );
}

function fieldOf(first: number | undefined): readonly number[] | undefined {
  switch (first) {
    case 100:
      return DATA;
    case 101:
      return EVENT;
    case 105:
      return ID;
    case 114:
      return RETRY;
    default:
      return undefined;
  }
}

function valueStart(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: readonly number[],
): number {
  const after = start + name.length;
  if (after > end) return -1;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name[index]) return -1;
  }
  if (after === end) return end;
  if (bytes[after] !== COLON) return -1;
  return after + 1 < end && bytes[after + 1] === SPACE ? after + 2 : after + 1;
}
