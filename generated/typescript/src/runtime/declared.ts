// Part of the SDK's fixed runtime: it is the same for every specification.

/** What a header holds. */
export type HeaderKind = "text" | "integer" | "number" | "boolean" | "texts";

/** The headers that a specification declares, by the property that each becomes. */
export type HeaderTable<Read> = Readonly<
  Record<keyof Read, readonly [name: string, kind: HeaderKind]>
>;

const INTEGER = /^-?[0-9]+$/;
/** A number of JSON (RFC 8259, section 6). */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;

/** Reads all of them; what was not sent, or cannot be read, is undefined. */
export function readHeaders<Read>(headers: Headers, table: HeaderTable<Read>): Read {
  const entries = Object.entries(table) as [string, HeaderTable<Read>[keyof Read]][];
  return Object.fromEntries(
    entries.map(([property, [name, kind]]) => [property, readHeader(headers.get(name), kind)]),
  ) as Read;
}

/** Reads a header; lines of the same name have come as one text, joined by commas. */
export function readHeader(
  text: string | null,
  kind: HeaderKind,
): string | number | boolean | readonly string[] | undefined {
  if (text === null) return undefined;
  switch (kind) {
    case "text":
      return text;
    case "integer":
      return INTEGER.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case "number":
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "texts":
      return text
        .split(",")
        .map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ""))
        .filter((each) => each !== "");
  }
}
