// Part of the SDK's fixed runtime: it is the same for every specification.

import { addHidden, APIError, type APIErrorFacts } from "./errors.js";
import { isObject, own, type JsonValue } from "./json.js";
import type { Extension } from "./settings.js";

/** What the specification says of a detail; one of another kind is none. */
export type DetailKind = "string" | "number" | "integer" | "boolean" | "list" | "object" | "any";

/** The details that a class reads, by property: `retryAt` is `retry_at` unless a name is given. */
export type DetailTable = Readonly<
  Record<string, DetailKind | readonly [kind: DetailKind, name: string]>
>;

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
  /** The class of an answer that is not there yet. */
  readonly pending?: APIErrorClass;
}

/** Makes each error of the class that its code, else its type, else its status stands for. */
export function classified({
  codes,
  types,
  statuses,
  pending = APIError,
}: ErrorClasses): Extension {
  return (settings) => ({
    ...settings,
    makeError: (message, facts, isPending) => {
      const { code, type, status } = facts;
      const known: unknown = own(codes, code) ?? own(types, type) ?? own(statuses, `${status}`);
      const Class = isPending ? pending : ((known ?? APIError) as APIErrorClass);
      const error = new Class(message, facts);
      addHidden(error, detailsOf(error, Class.details ?? {}));
      return error;
    },
  });
}

function detailsOf({ details }: APIError, table: DetailTable): object {
  const found: Record<string, JsonValue | undefined> = {};
  for (const [property, told] of Object.entries(table)) {
    const wireName = property.replace(/[A-Z]/g, "_$&").toLowerCase();
    const [kind, name = wireName] = [told].flat() as [DetailKind, string?];
    const value = own(details, name);
    if (isOfKind(value, kind)) found[property] = value;
  }
  return found;
}

function isOfKind(value: JsonValue | undefined, kind: DetailKind): boolean {
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return isObject(value);
  if (kind === "integer") return Number.isInteger(value);
  return kind === "any" || typeof value === kind;
}
