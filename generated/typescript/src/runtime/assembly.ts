// Part of the SDK's fixed runtime: it is the same for every specification.

import { parsedJson } from "./errors.js";

/** How the events of a stream build objects whose JSON comes in pieces. */
export interface AssemblyRule<Event, Result> {
  /** The field of an object that its pieces come to. */
  readonly into: keyof Result & string;
  /** The key of an object, and the object, that an event begins. */
  readonly begin: (event: Event) => readonly [key: unknown, value: Result] | undefined;
  /** The key of an object, and the piece of text, that an event brings. */
  readonly text: (event: Event) => readonly [key: unknown, value: string] | undefined;
  /** The key of the object that an event completes. */
  readonly end: (event: Event) => unknown;
  /** Whether an event drops all that is not complete. */
  readonly discards?: (event: Event) => boolean;
}

/** Gives each object when it is complete. */
export async function* assembled<Event, Result extends object>(
  events: AsyncIterable<Event>,
  rule: AssemblyRule<Event, Result>,
): AsyncGenerator<Result, void, undefined> {
  const open = new Map<unknown, { readonly value: Result; json: string }>();
  for await (const event of events) {
    if (rule.discards?.(event)) open.clear();
    const [begun, value] = rule.begin(event) ?? [];
    if (value !== undefined) open.set(begun, { value, json: "" });
    const [key, piece] = rule.text(event) ?? [];
    const grown = piece === undefined ? undefined : open.get(key);
    if (grown !== undefined) grown.json += piece;
    const ended = rule.end(event);
    const whole = open.get(ended);
    if (whole === undefined || !open.delete(ended)) continue;
    const read = whole.json === "" ? {} : parsedJson(whole.json);
    yield { ...whole.value, [rule.into]: read } as Result;
  }
}
