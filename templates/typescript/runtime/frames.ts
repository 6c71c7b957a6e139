// Part of the SDK's fixed runtime: it is the same for every specification.

import type { Frame } from "./sse.js";

/**
 * Makes events out of whole frames: `{ event, data }`, because only their names tell them
 * apart. It is told by name whether the data is JSON or plain text; JSON that is broken
 * stays as it is, and what nobody knows may be text.
 */
export function wholeFrames(
  kinds: Readonly<Record<string, "json" | "text">>,
): (frame: Frame) => Frame {
  return (frame) => {
    const kind = Object.hasOwn(kinds, frame.event) ? kinds[frame.event] : undefined;
    const isText = kind === "text" || !isJson(frame.data);
    if (isText && kind === "json") return frame;
    const data = isText ? JSON.stringify(frame.data) : frame.data;
    return { ...frame, data: `{"event":${JSON.stringify(frame.event)},"data":${data}}` };
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
