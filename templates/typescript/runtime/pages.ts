// Part of the SDK's fixed runtime: it is the same for every specification.

import { ResponseDecodeError } from "./errors.js";
import { isObject } from "./json.js";
import { requestUrl, type OperationRequest } from "./request.js";
import { readJson, ResponsePromise, type Exchange } from "./responses.js";
import type { CallOptions, Transport } from "./transport.js";

/** What is known of a page when the next one is asked for. */
export interface PageFacts {
  readonly body: unknown;
  /** How many items it has. */
  readonly count: number;
  readonly headers: Headers;
  /** What it was asked for with. */
  readonly query: Readonly<Record<string, unknown>>;
}

/** Where a list goes on: with other parameters, or at an address that the server gives. */
export type NextPage =
  | { readonly query: Readonly<Record<string, unknown>> }
  | {
      /** Gives the request; none where it would leave the API's own address. */
      readonly follow: (
        asked: string,
        baseUrl: string,
        request: OperationRequest,
      ) => OperationRequest | undefined;
    };

/** How a list continues. */
export interface PageRule {
  /** The field of the body that holds the items; empty: the body is the list. */
  readonly items: string;
  /** Says where the list goes on: undefined at its end, null where that is not said. */
  readonly next: (page: PageFacts) => NextPage | null | undefined;
}

/** A list whose pages say where the next one begins. */
export function byCursor(rule: {
  readonly items: string;
  /** The query parameter that asks for what comes after. */
  readonly parameter: string;
  /** The field of the body whose value that parameter takes. */
  readonly from: string;
  /** The field that says whether there is more; absent: an empty page is the last. */
  readonly more?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count }) => {
      const cursor = field(body, rule.from) ?? undefined;
      const hasMore =
        rule.more === undefined
          ? count > 0 && cursor !== undefined && cursor !== ""
          : field(body, rule.more) === true;
      if (!hasMore) return undefined;
      return cursor === undefined ? null : { query: { [rule.parameter]: cursor } };
    },
  };
}

/** A list that goes on after its last item. */
export function byLastItem(rule: {
  readonly items: string;
  /** The query parameter that asks for what comes after. */
  readonly parameter: string;
  /** The field of the last item whose value that parameter takes. */
  readonly from: string;
  /** The field that says whether there is more; absent: an empty page is the last. */
  readonly more?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count }) => {
      const hasMore = rule.more === undefined ? count > 0 : field(body, rule.more) === true;
      if (!hasMore) return undefined;
      const last = field(itemsOf(body, rule.items).at(-1), rule.from) ?? undefined;
      return last === undefined ? null : { query: { [rule.parameter]: last } };
    },
  };
}

/** A list that is asked for from a number of items on. */
export function byOffset(rule: {
  readonly items: string;
  readonly offset: string;
  readonly limit?: string;
  /** The field that counts the items of all pages; absent: a short page is the last. */
  readonly total?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count, query }) => {
      const offset = Number(query[rule.offset] ?? 0) + count;
      const total = rule.total === undefined ? undefined : field(body, rule.total);
      const limit = rule.limit === undefined ? undefined : query[rule.limit];
      const isLast = typeof total === "number" ? offset >= total : count < Number(limit ?? 1);
      return count === 0 || isLast ? undefined : { query: { [rule.offset]: offset } };
    },
  };
}

/** A list in numbered pages. */
export function byNumber(rule: {
  readonly items: string;
  readonly page: string;
  /** The number of the first page. */
  readonly first: number;
  /** The field that counts the pages; absent: an empty page is the last. */
  readonly pages?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count, query }) => {
      const page = Number(query[rule.page] ?? rule.first) + 1;
      const pages = rule.pages === undefined ? undefined : field(body, rule.pages);
      const isLast = typeof pages === "number" ? page >= pages + rule.first : count === 0;
      return isLast ? undefined : { query: { [rule.page]: page } };
    },
  };
}

/** A list that goes on at the address of the header `Link` (RFC 8288). */
export function byLink(rule: { readonly items: string }): PageRule {
  return {
    items: rule.items,
    next: ({ headers }) => {
      const links = headers
        .get("link")
        ?.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;="]+=(?:"[^"]*"|[^,;"]*))*)/g);
      for (const [, url = "", parameters = ""] of links ?? []) {
        if (/;\s*rel="?(?:[^"]*\s)?next[\s";]?/i.test(parameters)) {
          return {
            follow: (asked, baseUrl, request) => requestAt(new URL(url, asked), baseUrl, request),
          };
        }
      }
      return undefined;
    },
  };
}

/** One page of a list. Iterating it goes over the items of this page and all further ones. */
export class Page<Item, Body = unknown> implements AsyncIterable<Item> {
  /** The items of this page. */
  readonly data: readonly Item[];
  /** The whole body as it came. */
  readonly body: Body;
  readonly response: Response;
  readonly requestId: string | undefined;
  /** Whether there is a page after this one. */
  readonly hasMore: boolean;
  readonly #next: NextPage | null | undefined;
  readonly #walk: Walk<Item, Body>;

  constructor(exchange: Exchange<Body>, rule: PageRule, walk: Walk<Item, Body>) {
    const { data: body, response } = exchange;
    this.data = itemsOf(body, rule.items) as readonly Item[];
    this.body = body;
    this.response = response;
    this.requestId = exchange.requestId;
    const { headers } = response;
    this.#next = rule.next({ body, count: this.data.length, headers, query: walk.query });
    this.hasMore = this.#next !== undefined;
    this.#walk = walk;
  }

  /** Asks for the page after this one; undefined when this is the last. */
  async nextPage(): Promise<Page<Item, Body> | undefined> {
    if (this.#next === undefined) return undefined;
    const next = this.#next === null ? undefined : this.#walk.follow(this.#next);
    if (next !== undefined) return next;
    throw new ResponseDecodeError(
      "the list does not say where it goes on",
      JSON.stringify(this.body),
      { requestId: this.requestId },
    );
  }

  /** Goes over this page and all further ones. */
  async *pages(): AsyncGenerator<Page<Item, Body>, void, undefined> {
    yield this;
    for (let page = await this.nextPage(); page !== undefined; page = await page.nextPage()) {
      yield page;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}

/** The promise of a first page; iterating it goes over the items of all pages. */
export class PagePromise<Item, Body = unknown>
  extends ResponsePromise<Page<Item, Body>>
  implements AsyncIterable<Item>
{
  /** Goes over all pages. */
  async *pages(): AsyncGenerator<Page<Item, Body>, void, undefined> {
    yield* (await this).pages();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    yield* await this;
  }
}

/** A way through a list: how a page was asked for, and how to go on. */
interface Walk<Item, Body> {
  readonly query: Readonly<Record<string, unknown>>;
  /** Gives the next page, but none that was asked for before. */
  readonly follow: (next: NextPage) => PagePromise<Item, Body> | undefined;
}

/** Asks for the first page of a list. */
export function listPages<Item, Body>(
  transport: Transport,
  request: OperationRequest,
  rule: PageRule,
  options?: CallOptions,
): PagePromise<Item, Body> {
  return askForPage(transport, request, rule, options, new Set());
}

function askForPage<Item, Body>(
  transport: Transport,
  request: OperationRequest,
  rule: PageRule,
  options: CallOptions | undefined,
  before: ReadonlySet<string>,
): PagePromise<Item, Body> {
  const { baseUrl } = transport.settings;
  const own = requestUrl(baseUrl.replace(/\/+$/, ""), request, request.query ?? {});
  const asked = new Set([...before, own]);
  const follow = (next: NextPage): PagePromise<Item, Body> | undefined => {
    const onwards =
      "follow" in next
        ? next.follow(own, baseUrl, request)
        : { ...request, query: { ...request.query, ...next.query } };
    if (onwards === undefined) return undefined;
    const address = requestUrl(baseUrl.replace(/\/+$/, ""), onwards, onwards.query ?? {});
    return asked.has(address) ? undefined : askForPage(transport, onwards, rule, options, asked);
  };
  const exchange = transport.call<Body>(request, readJson, options).withResponse();
  const walk = { query: { ...request.query, ...options?.query }, follow };
  return new PagePromise(exchange.then((each) => ({ ...each, data: new Page(each, rule, walk) })));
}

/** Credentials go to the API's own address and to no other. */
function requestAt(
  { origin, pathname, searchParams }: URL,
  baseUrl: string,
  request: OperationRequest,
): OperationRequest | undefined {
  const base = new URL(baseUrl);
  const start = base.pathname.replace(/\/+$/, "");
  if (origin !== base.origin || !pathname.startsWith(`${start}/`)) return undefined;
  const names = new Set(searchParams.keys());
  const query = Object.fromEntries([...names].map((name) => [name, searchParams.getAll(name)]));
  return { ...request, path: pathname.slice(start.length), query };
}

function itemsOf(body: unknown, name: string): readonly unknown[] {
  const items = name === "" ? body : field(body, name);
  return Array.isArray(items) ? items : [];
}

function field(body: unknown, name: string): unknown {
  return isObject(body) && Object.hasOwn(body, name) ? body[name] : undefined;
}
