// Part of the SDK's fixed runtime: it is the same for every specification.

import { parsedJson } from "./errors.js";
import type { JsonValue } from "./json.js";

/**
 * A JSON text that arrives in pieces.
 *
 * Its value so far has what is open closed: strings, lists and objects. A key without its value, and
 * a number or a word that may go on, are left out.
 */
export class PartialJson {
  #text = "";

  /** Adds a piece. */
  feed(piece: string): this {
    this.#text += piece;
    return this;
  }

  /** What came so far. */
  get text(): string {
    return this.#text;
  }

  /** Gives the best value so far; undefined before there is any, or where the text is not JSON. */
  value(): JsonValue | undefined {
    try {
      return JSON.parse(completed(this.#text)) as JsonValue;
    } catch {
      return undefined;
    }
  }

  /** Gives the value of the whole text, or raises an error that carries it. */
  finish(): JsonValue {
    return parsedJson(this.#text);
  }
}

const STRING = /"(?:[^"\\]|\\[^u]|\\u[0-9a-fA-F]{4})*/y;
const WORD = /[-+.\w]+/y;
/** The first half of a character of two, written out or escaped. */
const HALF = /(?:[\ud800-\udbff]|(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2})$/;

/** Closes a JSON text behind the last place where that gives JSON. */
function completed(text: string): string {
  const open: string[] = [];
  let safe = "";
  let isKey = false;
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    let end = at + 1;
    if (character === "{" || character === "[") {
      open.push(character === "{" ? "}" : "]");
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === '"') {
      const start = matched(STRING, text, at);
      end = at + start.length;
      if (text.charAt(end) === '"') end += 1;
      else return isKey ? safe : `${text.slice(0, at)}${whole(start)}"${closing(open)}`;
    } else if (/[-\w]/.test(character)) {
      const word = matched(WORD, text, at);
      end = at + word.length;
      if (end === text.length) return safe;
    }
    const wasKey = isKey && character === '"';
    isKey = opensKey(character, isKey, open);
    if (!wasKey && !/[\s:,]/.test(character)) safe = text.slice(0, end) + closing(open);
    at = end;
  }
  return safe;
}

function matched(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** A character of two halves is left out until both are there. */
function whole(start: string): string {
  return start.replace(HALF, (half) => half.replace(/\\u[^\\]{4}$|[\ud800-\udbff]$/, ""));
}

/** Whether the next string is a key. */
function opensKey(character: string, isKey: boolean, open: readonly string[]): boolean {
  if (character === "{" || character === ",") return open.at(-1) === "}";
  return isKey && /\s/.test(character);
}

function closing(open: readonly string[]): string {
  return [...open].reverse().join("");
}
