import assert from "node:assert/strict";
import { test } from "node:test";

import { ResponseDecodeError } from "../../generated/typescript/src/index.js";
import * as pages from "../../generated/typescript/src/runtime/pages.js";
import { transportSettings } from "../../generated/typescript/src/runtime/settings.js";
import { Transport } from "../../generated/typescript/src/runtime/transport.js";

const ITEMS = ["a", "b", "c", "d", "e"];

/** Lists through a server of five items; gives the items and the queries that were asked. */
async function listed(
  rule: pages.PageRule,
  query: object,
  answer: (url: URL) => Response,
): Promise<{ items: unknown[]; asked: string[] }> {
  const asked: string[] = [];
  const settings = transportSettings(
    {
      userAgent: "test",
      idempotencyHeader: "Idempotency-Key",
      headers: {},
      headerMaps: {},
      errors: { fields: { message: "message" } },
    },
    {},
    {
      baseUrl: "https://api.test/v1",
      fetch: async (url) => {
        asked.push(url.replace("https://api.test/v1/things", ""));
        return answer(new URL(url));
      },
    },
  );
  const request = { verb: "GET", path: "/things", query };
  const items: unknown[] = [];
  for await (const item of pages.listPages(new Transport(settings), request, rule))
    items.push(item);
  return { items, asked };
}

const slice = (url: URL, name: string, step = 2): string[] => {
  const start = Number(url.searchParams.get(name) ?? 0);
  return ITEMS.slice(start, start + step);
};

test("a list by offset ends at its total, or with a short page", async () => {
  const total = pages.byOffset({ items: "data", offset: "skip", limit: "limit", total: "total" });
  const short = pages.byOffset({ items: "", offset: "skip", limit: "limit" });

  assert.deepEqual(
    await listed(total, {}, (url) => Response.json({ data: slice(url, "skip"), total: 5 })),
    { items: ITEMS, asked: ["", "?skip=2", "?skip=4"] },
  );
  assert.deepEqual(await listed(short, { limit: 2 }, (url) => Response.json(slice(url, "skip"))), {
    items: ITEMS,
    asked: ["?limit=2", "?limit=2&skip=2", "?limit=2&skip=4"],
  });
});

test("a list of numbered pages ends at their number, or with an empty page", async () => {
  const page = (url: URL): string[] => {
    const number = Number(url.searchParams.get("page") ?? 1);
    return ITEMS.slice((number - 1) * 2, number * 2);
  };
  const counted = pages.byNumber({ items: "data", page: "page", first: 1, pages: "pages" });
  const open = pages.byNumber({ items: "data", page: "page", first: 1 });

  assert.deepEqual(
    await listed(counted, {}, (url) => Response.json({ data: page(url), pages: 3 })),
    { items: ITEMS, asked: ["", "?page=2", "?page=3"] },
  );
  assert.deepEqual(await listed(open, {}, (url) => Response.json({ data: page(url) })), {
    items: ITEMS,
    asked: ["", "?page=2", "?page=3", "?page=4"],
  });
});

test("a list goes on after its last item, while it says that there is more", async () => {
  const rule = pages.byLastItem({ items: "data", parameter: "after", from: "id", more: "more" });
  const answer = (url: URL): Response => {
    const start = ITEMS.indexOf(url.searchParams.get("after") ?? "") + 1;
    const data = ITEMS.slice(start, start + 2).map((id) => ({ id }));
    return Response.json({ data, more: start + 2 < ITEMS.length });
  };
  const empty = (): Response => Response.json({ data: [], more: true });

  assert.deepEqual(await listed(rule, {}, answer), {
    items: ITEMS.map((id) => ({ id })),
    asked: ["", "?after=b", "?after=d"],
  });
  await assert.rejects(listed(rule, {}, empty), ResponseDecodeError);
});

/** Answers with the header `Link` for the next page, as `write` spells it. */
function linked(write: (query: string) => string): (url: URL) => Response {
  return (url) => {
    const next = Number(url.searchParams.get("at") ?? 0) + 2;
    const headers: HeadersInit =
      next < ITEMS.length ? { Link: write(`?at=${next}&tag=x&tag=y`) } : {};
    return Response.json(slice(url, "at"), { headers });
  };
}

test("a list by link follows the header, absolute or relative, among others", async () => {
  const asked = ["", "?at=2&tag=x&tag=y", "?at=4&tag=x&tag=y"];
  for (const write of [
    (query: string) => `<https://api.test/v1/things${query}>; rel="next"`,
    (query: string) => `<${query}>; rel=next`,
    (query: string) => `</v1/things?at=0>; rel="first", <${query}>; title="a, b"; rel="last next"`,
  ]) {
    assert.deepEqual(await listed(pages.byLink({ items: "" }), {}, linked(write)), {
      items: ITEMS,
      asked,
    });
  }
});

test("a list is not followed to another server, nor in a circle", async () => {
  const away = linked((query) => `<https://elsewhere.test/v1/things${query}>; rel="next"`);
  const circle = (): Response => Response.json(["a"], { headers: { Link: '<?>; rel="next"' } });

  await assert.rejects(listed(pages.byLink({ items: "" }), {}, away), ResponseDecodeError);
  await assert.rejects(listed(pages.byLink({ items: "" }), {}, circle), ResponseDecodeError);
});
