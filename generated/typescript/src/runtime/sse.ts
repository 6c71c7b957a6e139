// Part of the SDK's fixed runtime: it is the same for every specification.

import { StreamLimitError } from "./errors.js";

/** One dispatched event, as WHATWG HTML's "Interpreting an event stream" defines it. */
export interface Frame {
  readonly event: string;
  readonly data: string;
  /** The last event id when the event was dispatched; empty when there was none. */
  readonly id: string;
  /** Whether the id is the event's own. */
  readonly hasId?: boolean | undefined;
  /** Whether it is known that no number in the data has 16 digits or more. */
  readonly isShort?: boolean;
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
const UTF8 = /* @__PURE__ */ new TextEncoder();

/** A decoder of event streams, which also keeps what its specification lets a stream say. */
export interface FrameDecoder extends Decoder {
  /** The id that a reconnecting client sends. */
  readonly lastEventId: string;
  /** The reconnection time that the stream asked for, in milliseconds. */
  readonly retry: number | undefined;
}

/**
 * Finds the frames of an event stream, in time linear in its bytes.
 *
 * The lines that a chunk completes become text all at once; the rest is held as bytes. A block that
 * the end of the body cuts off is never dispatched. No object is made for a frame. Raises a
 * `StreamLimitError` where a line or an event is too long.
 */
export function frameDecoder(limits: FrameLimits = defaultFrameLimits): FrameDecoder {
  // A byte order mark is dropped by hand: a text decoder would drop one at each chunk.
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Lines that all have their ends, and how far they are read. */
  let text = "";
  let at = 0;
  /** Whether the text is ASCII, so that its length is that of its bytes. */
  let isAscii = true;
  let held = new Uint8Array(256);
  let heldLength = 0;
  let isStart = true;
  let isAfterCr = false;
  /** What the lines of the block at hand say. */
  let name = "";
  let lines: string | undefined;
  let bytes = 0;
  let lastId = "";
  let hasId = false;

  const fail = (limit: "line" | "event"): never => {
    throw new StreamLimitError(limit, limits[limit]);
  };

  const size = (part: string): number => (isAscii ? part.length : UTF8.encode(part).length);

  const hold = (more: Uint8Array): void => {
    const length = heldLength + more.length;
    if (length > held.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(held.subarray(0, heldLength));
      held = grown;
    }
    held.set(more, heldLength);
    heldLength = length;
  };

  /** Makes text of what is held and of the lines that complete it, with LF at each end. */
  const complete = (rest: Uint8Array): void => {
    let whole = rest;
    if (heldLength > 0) {
      hold(rest);
      whole = held.subarray(0, heldLength);
      heldLength = 0;
    }
    const decoded = utf8.decode(whole);
    isAscii = decoded.length === whole.length;
    decoder.isShort &&= !hasDigits(whole, 16);
    text = decoded.includes("\r") ? decoded.replace(/\r\n?/g, "\n") : decoded;
    at = isStart && text.startsWith("\ufeff") ? 1 : 0;
    isStart = false;
  };

  const addData = (value: string): void => {
    const isFirst = lines === undefined;
    bytes = (isFirst ? 0 : bytes + 1) + size(value);
    lines = isFirst ? value : `${lines}\n${value}`;
    if (bytes > limits.event) fail("event");
  };

  const readLine = (start: number, end: number): void => {
    if ((end - start) * 3 > limits.line && size(text.slice(start, end)) > limits.line) fail("line");
    if (text.startsWith("data: ", start)) addData(text.slice(start + 6, end));
    else if (text.startsWith("event: ", start)) name = text.slice(start + 7, end);
    else readField(text.slice(start, end));
  };

  const readField = (line: string): void => {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) as RegExpExecArray;
    if (field === "data") addData(value);
    else if (field === "event") name = value;
    else if (field === "id" && !value.includes("\0")) {
      lastId = value;
      hasId = true;
    } else if (field === "retry" && /^\d+$/.test(value)) {
      decoder.retry = Math.min(Number(value), 2 ** 53 - 1);
    }
  };

  const dispatch = (): boolean => {
    const data = lines;
    decoder.lastEventId = lastId;
    decoder.event = name || "message";
    name = "";
    decoder.hasId = hasId;
    hasId = false;
    if (data === undefined) return false;
    lines = undefined;
    decoder.data = data;
    decoder.id = lastId;
    return true;
  };

  const decoder = {
    event: "",
    data: "",
    id: "",
    hasId: false,
    isShort: true,
    lastEventId: "",
    retry: undefined as number | undefined,

    push(chunk: Uint8Array): void {
      if (chunk.length === 0) return;
      const start = isAfterCr && chunk[0] === LF ? 1 : 0;
      // Nearly every chunk has an LF near its end, and few have any CR to be looked for.
      const behind = chunk.lastIndexOf(LF) + 1;
      const end = behind + chunk.subarray(behind).lastIndexOf(CR) + 1;
      isAfterCr = end === chunk.length && chunk[end - 1] === CR;
      if (end > start) complete(chunk.subarray(start, end));
      hold(chunk.subarray(Math.max(start, end)));
    },

    next(): boolean {
      while (at < text.length) {
        const start = at;
        const end = text.charCodeAt(at) === LF ? at : text.indexOf("\n", at);
        at = end + 1;
        if (end > start) readLine(start, end);
        else if (dispatch()) return true;
      }
      if (heldLength > limits.line) fail("line");
      return false;
    },
  };
  return decoder;
}

/** Whether so many digits follow one another; most bytes need no look for that. */
function hasDigits(bytes: Uint8Array, count: number): boolean {
  for (let at = count - 1; at < bytes.length; at += count) {
    const end = at;
    while (end - at < count && ((bytes[at] ?? 0) ^ 48) < 10) at -= 1;
    if (end - at === count) return true;
  }
  return false;
}
