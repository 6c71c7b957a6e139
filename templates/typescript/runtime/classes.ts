// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIError, type APIErrorFacts } from "./errors.js";
import { isObject, own, type JsonValue } from "./json.js";
import type { Extension } from "./settings.js";

/** What the specification says of a detail; one of another kind is none. */
export type DetailKind = "string" | "number" | "integer" | "boolean" | "list" | "object" | "any";

/** The details that a class reads, by property: their kind, and their name where it differs. */
export type DetailTable = Readonly<Record<string, readonly [kind: DetailKind, name?: string]>>;

/** A class of the error tree. */
export interface APIErrorClass {
  readonly details?: DetailTable;
  new (message: string, facts: APIErrorFacts): APIError;
}

/** Which class an error becomes. */
export interface ErrorClasses {
  readonly codes: Readonly<Record<string, APIErrorClass>>;
  readonly types: Readonly<Record<string, APIErrorClass>>;
  readonly statuses: Readonly<Record<string, APIErrorClass>>;
}

/** Makes each error of the class that its code, else its type, else its status stands for. */
export function classified({ codes, types, statuses }: ErrorClasses): Extension {
  return (settings) => ({
    ...settings,
    makeError: (message, facts) => {
      const { code, type, status } = facts;
      const Class =
        entry(codes, code) ?? entry(types, type) ?? entry(statuses, String(status)) ?? APIError;
      return withDetails(new Class(message, facts), (Class as APIErrorClass).details ?? {});
    },
  });
}

function entry<Value>(
  table: Readonly<Record<string, Value>>,
  key: string | undefined,
): Value | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Printing an error does not print what the server sent: the properties are not enumerable. */
function withDetails(error: APIError, table: DetailTable): APIError {
  for (const [property, [kind, name = property]] of Object.entries(table)) {
    const value = own(error.details, name);
    if (isOfKind(value, kind)) Object.defineProperty(error, property, { value });
  }
  return error;
}

function isOfKind(value: JsonValue | undefined, kind: DetailKind): boolean {
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return isObject(value);
  if (kind === "integer") return Number.isInteger(value);
  return kind === "any" || typeof value === kind;
}
