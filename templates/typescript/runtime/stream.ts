// Part of the SDK's fixed runtime: it is the same for every specification.

import { StreamClosedError, type SdkError } from "./errors.js";
import { eventReader, type EventReader, type StreamRule } from "./reader.js";
import type { OperationRequest } from "./request.js";
import type { CallOptions, Transport } from "./transport.js";

/** The kinds of an event, by the property that tells them apart. */
export type EventKind<Event, Tag extends string> = Event extends {
  readonly [Name in Tag]: infer Kind;
}
  ? Extract<Kind, string>
  : never;

/** The event of one kind. */
export type EventOf<Event, Tag extends string, Kind extends string> = Extract<
  Event,
  { readonly [Name in Tag]: Kind }
>;

/**
 * The events of one call, in order, each once.
 *
 * Nothing is sent before the first event, the response or the result is asked for. Leaving the loop
 * frees the connection. A stream can be read once.
 */
export class EventStream<Event, Tag extends string = never> implements AsyncIterableIterator<
  Event,
  void,
  undefined
> {
  readonly #reader: EventReader<Event>;
  readonly #listeners = new Map<string, readonly ((event: Event) => void)[]>();

  constructor(
    transport: Transport,
    request: OperationRequest,
    rule: StreamRule,
    options: CallOptions = {},
  ) {
    this.#reader = eventReader(transport, request, rule, options, (event: Event, kind) => {
      this.observe(event);
      this.#listeners.get(kind)?.forEach((listen) => listen(event));
    });
  }

  /** Gives the answer that the stream began with; its body belongs to the stream. */
  response(): Promise<Response> {
    return this.#reader.response();
  }

  /** The id of the last event that was given out. */
  get lastEventId(): string | undefined {
    return this.#reader.position.lastEventId;
  }

  /** Ends the stream at once and frees its connection. Whoever waits for an event gets none. */
  close(): void {
    this.#reader.close();
  }

  /** Gives the next event; events that have arrived are given without waiting for anything. */
  next(): Promise<IteratorResult<Event, void>> {
    return this.#reader.next();
  }

  /** Reads what is left, for those who only listen. */
  async untilDone(): Promise<void> {
    while (!(await this.next()).done);
  }

  /** Calls `listener` for each event of a kind before it is given out; what it throws ends the stream. */
  on<Kind extends EventKind<Event, Tag>>(
    kind: Kind,
    listener: (event: EventOf<Event, Tag, Kind>) => void,
  ): this {
    const before = this.#listeners.get(kind) ?? [];
    this.#listeners.set(kind, [...before, listener as (event: Event) => void]);
    return this;
  }

  /** Leaves the stream: what the end of a loop does. */
  return(): Promise<IteratorResult<Event, void>> {
    return this.#reader.leave();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Event, void, undefined> {
    return this;
  }

  /** Gives what `extract` finds in the events, leaving out those without any. */
  protected async *pick<Part>(
    extract: (event: Event) => Part | undefined,
  ): AsyncGenerator<Part, void, undefined> {
    for await (const event of this) {
      const part = extract(event);
      if (part !== undefined) yield part;
    }
  }

  /** Sees each event before it is given out. */
  protected observe(_event: Event): void {}

  /** Whether the stream reached the end that its rule declares. */
  protected get isComplete(): boolean {
    return this.#reader.ending() === "complete";
  }

  /** Makes the error of a stream that was not read to its end. */
  protected unfinished(): SdkError {
    return this.#reader.ending() === "closed"
      ? new StreamClosedError("the stream was closed")
      : this.#reader.truncated();
  }
}
