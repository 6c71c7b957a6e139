// Part of the SDK's fixed runtime: it is the same for every specification.

import type { Accumulator } from "./accumulated.js";
import { isObject, own, type JsonObject, type JsonValue } from "./json.js";

/** How events that are pieces of one object add up to it. */
export interface SumRule {
  /** The field that tells the items of lists apart. */
  readonly by?: string;
  /** The names of texts that grow; any other value replaces the one before. */
  readonly append: readonly string[];
  /** The pieces' names, and what the object calls them. */
  readonly rename: Readonly<Record<string, string>>;
  /** Texts of the whole object. */
  readonly put: Readonly<Record<string, string>>;
  /** Places that are null where nothing was put. */
  readonly nulls: readonly (readonly string[])[];
  /** Places that the pieces have and the object has not. */
  readonly drop: readonly (readonly string[])[];
}

type Whole = Record<string, JsonValue>;

/** The object that the events so far are pieces of. */
export class Summing<Event, Result> implements Accumulator<Event, Result> {
  readonly #rule: SumRule;
  readonly #whole = bare();
  #isBegun = false;

  constructor(rule: SumRule) {
    this.#rule = rule;
  }

  add(event: Event): void {
    this.#isBegun = true;
    this.#merge(this.#whole, event as JsonObject);
  }

  result(): Result | undefined {
    if (!this.#isBegun) return undefined;
    const { by, put, nulls, drop } = this.#rule;
    const whole = structuredClone(this.#whole);
    if (by !== undefined) sort(whole, by);
    Object.assign(whole, put);
    for (const path of nulls) {
      for (const parent of parents(whole, path)) parent[path.at(-1) as string] ??= null;
    }
    for (const path of drop) {
      for (const parent of parents(whole, path)) delete parent[path.at(-1) as string];
    }
    return whole as Result;
  }

  #merge(whole: Whole, piece: JsonObject): void {
    const { rename, append } = this.#rule;
    for (const [given, value] of Object.entries(piece)) {
      const name = (own(rename, given) ?? given) as string;
      const known = whole[name];
      if (value === null || value === undefined) {
        whole[name] = known ?? null;
      } else if (Array.isArray(value)) {
        const items = Array.isArray(known) ? known : [];
        whole[name] = items;
        for (const item of value) this.#mergeItem(items, item);
      } else if (isObject(value)) {
        const part = isObject(known) ? known : bare();
        whole[name] = part;
        this.#merge(part as Whole, value);
      } else if (typeof value === "string" && typeof known === "string" && append.includes(name)) {
        whole[name] = known + value;
      } else {
        whole[name] = value;
      }
    }
  }

  #mergeItem(items: JsonValue[], item: JsonValue): void {
    if (!isObject(item)) {
      items.push(item);
      return;
    }
    const { by } = this.#rule;
    const number = by === undefined ? undefined : item[by];
    let known =
      number === undefined
        ? undefined
        : items.find((other) => isObject(other) && other[by as string] === number);
    if (known === undefined) {
      known = bare();
      items.push(known);
    }
    this.#merge(known as Whole, item);
  }
}

/** A name of the wire is data: without a prototype `__proto__` is a property like any other. */
function bare(): Whole {
  return Object.create(null) as Whole;
}

function sort(value: JsonValue, by: string): void {
  if (Array.isArray(value)) {
    for (const item of value) sort(item, by);
    const number = (item: JsonValue): unknown => (isObject(item) ? item[by] : undefined);
    if (value.every((item) => typeof number(item) === "number")) {
      value.sort((one, other) => (number(one) as number) - (number(other) as number));
    }
  } else if (isObject(value)) {
    for (const part of Object.values(value)) if (part !== undefined) sort(part, by);
  }
}

/** The objects in which the last name of a path lies, through lists. */
function parents(value: JsonValue | undefined, path: readonly string[]): Whole[] {
  if (Array.isArray(value)) return value.flatMap((item) => parents(item, path));
  if (!isObject(value)) return [];
  const [name, ...rest] = path;
  return rest.length === 0 ? [value as Whole] : parents(value[name as string], rest);
}
