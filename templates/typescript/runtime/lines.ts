// Part of the SDK's fixed runtime: it is the same for every specification.

import { StreamLimitError } from "./errors.js";
import type { Decoder, FrameLimits } from "./sse.js";

const LF = 10;
const RECORD_SEPARATOR = "\x1e";

/**
 * Finds the frames of a stream with one JSON text a line (JSON Lines; RFC 7464).
 *
 * Blank lines are nothing. A last line without an end is a text like any other.
 */
export function lineDecoder(limits: FrameLimits): Required<Decoder> {
  return new LineDecoder(limits);
}

class LineDecoder implements Required<Decoder> {
  readonly event = "message";
  readonly id = "";
  readonly hasId = false;
  readonly isShort = false;
  data = "";

  readonly #limits: FrameLimits;
  readonly #text = new TextDecoder();
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #line = "";
  #bytes = 0;
  #isPending = false;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Raises a `StreamLimitError` where a line is too long. */
  next(): boolean {
    let isFound = this.#isPending;
    this.#isPending = false;
    while (!isFound) {
      const end = this.#chunk.indexOf(LF, this.#at);
      this.#add(this.#chunk.subarray(this.#at, end < 0 ? undefined : end));
      this.#at = end < 0 ? this.#chunk.length : end + 1;
      if (end < 0) return false;
      isFound = this.#take();
    }
    return true;
  }

  end(): boolean {
    this.#isPending = this.#take();
    return this.#isPending;
  }

  /** Makes a frame of the line, unless it is blank. */
  #take(): boolean {
    const line = this.#line + this.#text.decode();
    this.data = line.replace(RECORD_SEPARATOR, "").trim();
    this.#line = "";
    this.#bytes = 0;
    return this.data !== "";
  }

  #add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#limits.event) throw new StreamLimitError("event", this.#limits.event);
    this.#line += this.#text.decode(piece, { stream: true });
  }
}
