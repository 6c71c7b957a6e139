// Part of the SDK's fixed runtime: it is the same for every specification.

import type { EventStream } from "./stream.js";

/** Gives the events as a stream of the platform's own kind. Cancelling it closes the one given. */
export function toReadableStream<Event, Tag extends string>(
  events: EventStream<Event, Tag>,
): ReadableStream<Event> {
  return new ReadableStream<Event>(
    {
      async pull(controller) {
        const next = await events.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: () => events.close(),
    },
    { highWaterMark: 0 },
  );
}
