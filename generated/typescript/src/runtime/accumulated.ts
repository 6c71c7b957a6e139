// Part of the SDK's fixed runtime: it is the same for every specification.

import { parseJson } from "./json.js";
import type { OperationRequest } from "./request.js";
import type { StreamRule } from "./reader.js";
import { EventStream } from "./stream.js";
import type { CallOptions, Transport } from "./transport.js";

/** Builds one object from the events of a stream. */
export interface Accumulator<Event, Result> {
  add(event: Event): void;
  /** Gives what the events so far come to; undefined before the first that counts. */
  result(): Result | undefined;
}

/** A stream whose events come to one object. */
export class AccumulatedStream<Event, Result, Tag extends string = never> extends EventStream<
  Event,
  Tag
> {
  readonly #accumulator: Accumulator<Event, Result>;

  constructor(
    transport: Transport,
    request: OperationRequest,
    rule: StreamRule,
    accumulator: Accumulator<Event, Result>,
    options?: CallOptions,
  ) {
    super(transport, request, rule, options);
    this.#accumulator = accumulator;
  }

  /** Reads what is left and gives the whole; a stream that failed or was cut raises. */
  async final(): Promise<Result> {
    await this.untilDone();
    const result = this.#accumulator.result();
    if (!this.isComplete || result === undefined) throw this.unfinished();
    return result;
  }

  /** Gives what the events so far come to. */
  partial(): Result | undefined {
    return this.#accumulator.result();
  }

  protected override observe(event: Event): void {
    this.#accumulator.add(event);
  }
}

/** The pieces of a JSON text that arrives in parts, by the object and field it is for. */
export class JsonPieces {
  readonly #texts = new Map<object, Record<string, string>>();

  /** Adds a piece, and puts the value in its place once the whole text parses. */
  append(target: object, field: string, piece: string): void {
    const texts = this.#texts.get(target) ?? {};
    this.#texts.set(target, texts);
    texts[field] = (texts[field] ?? "") + piece;
  }

  /** Puts what each text parses to in its place; what does not parse leaves its first value. */
  settle(): void {
    for (const [target, texts] of this.#texts) {
      for (const [field, text] of Object.entries(texts)) {
        const value = parsed(text);
        if (value !== undefined) Object.assign(target, { [field]: value });
      }
    }
  }
}

function parsed(text: string): unknown {
  try {
    return text === "" ? {} : parseJson(text);
  } catch {
    return undefined;
  }
}
