// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";

/** A picture, a sound or a document: its address, its bytes, or a file where there are files. */
export type Media =
  | string
  | URL
  | Blob
  | ArrayBuffer
  | Uint8Array
  | { readonly path: string | URL };

export interface MediaOptions {
  /** The media type; absent: guessed from the file's name, else from the bytes. */
  readonly mediaType?: string;
}

/** What a medium comes to: an address, or bytes in base64 with their type. */
export type MediaParts =
  | { readonly url: string }
  | { readonly url: undefined; readonly data: string; readonly mediaType: string };

/** Reads a medium whose type is one of `types` (such as `image/*`). */
export async function readMedia(
  medium: Media,
  types: string,
  { mediaType }: MediaOptions = {},
): Promise<MediaParts> {
  if (typeof medium === "string" || medium instanceof URL) return { url: webAddress(medium) };
  const bytes = await bytesOf(medium);
  const type = mediaType ?? typeOfName(medium) ?? typeOfBytes(bytes);
  if (type === undefined) {
    throw new ConfigurationError("the type of the medium is unknown: give it as `mediaType`");
  }
  const wanted = types.replace("*/*", "").replace("*", "");
  if (!type.startsWith(wanted)) {
    throw new ConfigurationError(`the medium is ${type} and not ${types}: give its \`mediaType\``);
  }
  return { url: undefined, data: base64OfBytes(bytes), mediaType: type };
}

/** Refuses an address where only bytes can be sent. */
export async function readBytesOf(
  medium: Exclude<Media, string | URL>,
  types: string,
  options?: MediaOptions,
): Promise<{ readonly data: string; readonly mediaType: string }> {
  const parts = await readMedia(medium, types, options);
  if (parts.url === undefined) return parts;
  throw new ConfigurationError("this medium cannot be given by its address");
}

function webAddress(text: string | URL): string {
  if (/^https?:\/\//i.test(String(text))) return String(text);
  throw new ConfigurationError("an address begins with https://; a file is given as { path }");
}

async function bytesOf(medium: Exclude<Media, string | URL>): Promise<Uint8Array> {
  if (medium instanceof Uint8Array) return medium;
  if (medium instanceof ArrayBuffer) return new Uint8Array(medium);
  if (medium instanceof Blob) return new Uint8Array(await medium.arrayBuffer());
  return readFile(medium.path);
}

interface Files {
  readFile(path: string | URL): Promise<Uint8Array>;
}

/** Bundles for web pages must not look for files, so the module's name is not written out. */
async function readFile(path: string | URL): Promise<Uint8Array> {
  const files = ["node:fs", "promises"].join("/");
  const { readFile: read } = (await import(
    /* @vite-ignore */ /* webpackIgnore: true */ files
  )) as Files;
  try {
    return await read(path);
  } catch (cause) {
    throw new ConfigurationError(`the file ${String(path)} cannot be read`, { cause });
  }
}

const SUFFIXES: Readonly<Record<string, string>> = {
  aac: "audio/aac",
  flac: "audio/flac",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  m4a: "audio/mp4",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  txt: "text/plain",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
};

function typeOfName(medium: Exclude<Media, string | URL>): string | undefined {
  if (medium instanceof Blob) return medium.type.split(";", 1)[0] || undefined;
  if (!("path" in medium)) return undefined;
  const suffix = /\.(\w+)$/.exec(String(medium.path))?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(SUFFIXES, suffix) ? SUFFIXES[suffix] : undefined;
}

/** What files of a kind begin with; a dot stands for any byte. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n\x1a\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF....WEBP/s, "image/webp"],
  [/^RIFF....WAVE/s, "audio/wav"],
  [/^%PDF-/, "application/pdf"],
  [/^OggS/, "audio/ogg"],
  [/^fLaC/, "audio/flac"],
  [/^(?:ID3|\xff[\xf2\xf3\xfa\xfb])/, "audio/mpeg"],
];

function typeOfBytes(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return BEGINNINGS.find(([beginning]) => beginning.test(start))?.[1];
}

/** Encodes in pieces: a function takes only so many arguments. */
function base64OfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8_192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8_192));
  }
  return btoa(text);
}
