// Part of the SDK's fixed runtime: it is the same for every specification.

import { StreamLimitError } from "./errors.js";
import type { Frame, FrameLimits } from "./sse.js";

const LF = 10;
const RECORD_SEPARATOR = "\x1e";

/**
 * Turns the bytes of a stream with one JSON text a line into frames (JSON Lines; RFC 7464).
 *
 * Blank lines are nothing. A last line without an end is a text like any other.
 */
export class LineDecoder {
  readonly #limits: FrameLimits;
  readonly #text = new TextDecoder();
  #pieces: string[] = [];
  #bytes = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Adds the frames that `chunk` completes to `frames`. */
  push(chunk: Uint8Array, frames: Frame[]): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#add(chunk.subarray(start, end));
      this.end(frames);
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** Adds the frame of a last line that has no end. */
  end(frames: Frame[]): void {
    const line = this.#pieces.join("") + this.#text.decode();
    const data = line.replace(RECORD_SEPARATOR, "").trim();
    this.#pieces = [];
    this.#bytes = 0;
    if (data !== "") frames.push({ event: "message", data, id: "" });
  }

  #add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#limits.event) throw new StreamLimitError("event", this.#limits.event);
    this.#pieces.push(this.#text.decode(piece, { stream: true }));
  }
}
