// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import { isObject } from "./json.js";
import {
  formPairs,
  plain,
  present,
  type BinaryInput,
  type BodyEncoder,
  type EncodedBody,
} from "./request.js";
import { deepObject, delimited } from "./styles.js";

/** How the fields of a form that are not written in the usual way are written. */
export interface FormPart {
  /** `json`: as JSON with this media type; absent: by what the value is. */
  readonly type?: string;
  /** The media type of a file, where the part may be something else. */
  readonly fileType?: string;
  /** Joins the items of a list; absent: each by itself. */
  readonly separator?: string;
  /** Whether what is inside is written by its path: `name[field][0]=value`. */
  readonly deep?: boolean;
}

export type FormParts = Readonly<Record<string, FormPart>>;

/** Writes the fields of an URL-encoded form. */
export function urlEncoded(parts: FormParts = {}): BodyEncoder {
  return (body) => {
    const fields = present(body as object).map(([name, value]): [string, unknown] => {
      const { type, separator, deep } = own(parts, name);
      if (deep === true) return [name, deepObject(name, value)];
      if (type !== undefined) return [name, Array.isArray(value) ? value : plain(value)];
      const isJoined = separator !== undefined && typeof value === "object";
      return [name, isJoined ? delimited(name, value, separator) : value];
    });
    const text = formPairs(Object.fromEntries(fields));
    return { body: text, type: "application/x-www-form-urlencoded" };
  };
}

/** Writes the fields of a multipart form; a file keeps its name and its media type. */
export function multipart(parts: FormParts = {}): BodyEncoder {
  return async (body): Promise<EncodedBody> => {
    const form = new FormData();
    for (const [name, value] of Object.entries(body as object)) {
      const items = Array.isArray(value) ? (value as unknown[]) : [value as unknown];
      for (const item of items) await append(form, name, item, own(parts, name));
    }
    return { body: form };
  };
}

async function append(form: FormData, name: string, item: unknown, part: FormPart): Promise<void> {
  if (item === undefined || item === null) return;
  if (isBinary(item)) {
    form.append(name, await file(item, part.type ?? part.fileType));
    return;
  }
  const isJson = isObject(item) || Array.isArray(item);
  const type = part.type ?? (isJson ? "application/json" : undefined);
  const text = isJson ? JSON.stringify(item) : plain(item);
  form.append(name, type === undefined ? text : new Blob([text], { type }));
}

function isBinary(item: unknown): item is BinaryInput {
  return (
    item instanceof Blob ||
    item instanceof ArrayBuffer ||
    ArrayBuffer.isView(item) ||
    item instanceof ReadableStream
  );
}

async function file(item: BinaryInput, type: string | undefined): Promise<Blob> {
  if (item instanceof Blob && (item.type !== "" || type === undefined)) return item;
  const options = type === undefined ? {} : { type };
  if (item instanceof File) return new File([item], item.name, options);
  try {
    const blob = item instanceof ReadableStream ? await new Response(item).blob() : item;
    return new Blob([blob], options);
  } catch (cause) {
    throw new ConfigurationError("a file of the body cannot be read", { cause });
  }
}

/** Sends text or bytes as they are; a blob may name a media type of its own. */
export function raw(type: string): BodyEncoder {
  return (body) => ({
    body: body as Exclude<EncodedBody["body"], undefined>,
    type: body instanceof Blob && body.type !== "" ? body.type : type,
  });
}

/** Writes JSON under a media type of its own. */
export function jsonAs(type: string): BodyEncoder {
  return (body) => ({ body: JSON.stringify(body), type });
}

function own(parts: FormParts, name: string): FormPart {
  return Object.hasOwn(parts, name) ? (parts[name] as FormPart) : {};
}
