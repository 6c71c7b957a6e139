// Part of the SDK's fixed runtime: it is the same for every specification.

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** Any JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

declare const unknownTag: unique symbol;

/**
 * The tag of a value that this version of the SDK does not know.
 *
 * It is a string at run time. Its type is kept opaque so that comparing a tag with the known ones
 * still narrows a union; `String(tag)` reads it.
 */
export interface UnknownTag {
  readonly [unknownTag]: true;
  toString(): string;
}

/**
 * A value of a union whose tag is none of the known ones: the JSON as it came.
 *
 * `Tag` is the name of the property that holds the tag.
 */
export type UnknownVariant<Tag extends string> = { readonly [Name in Tag]: UnknownTag } & {
  readonly [field: string]: unknown;
};

/** Parses JSON; a whole number that is not the same afterwards is an error. */
export function parseJson(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue;
  // Looking closer costs time, and few texts have that many digits.
  const tokens = /\d{16}/.test(text) && text.match(/"(\\.|[^"\\])*"|[-+.\deE]+/gs);
  for (const token of tokens || [])
    if (/^-?\d+$/.test(token) && `${+token}` !== token && BigInt(token) !== BigInt(+token))
      throw new RangeError("a number is too large");
  return value;
}

/** Parses JSON without a second look at its numbers; a text that is none gives `otherwise`. */
export function jsonOr<Otherwise>(text: string, otherwise: Otherwise): JsonValue | Otherwise {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return otherwise;
  }
}

/** Tells a JSON object from every other value. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Gives the value when it is a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Reads a property that an object has of its own. */
export function own(object: unknown, key: string | undefined): JsonValue | undefined {
  return isObject(object) && key !== undefined && Object.hasOwn(object, key)
    ? object[key]
    : undefined;
}
