// Reads one stream with one vendor's Node SDK: `vendor.mjs NAME URL`, from a folder
// where the SDKs are installed. Prints JSON: how many events came and how the loop ended;
// `hangs` after 15 seconds.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const resolve = createRequire(path.join(process.cwd(), "vendor.cjs")).resolve;
const load = (name) => import(pathToFileURL(resolve(name)).href);
const messages = [{ role: "user", content: "Say something." }];
const patience = 3_000;
const watchdog = 15_000;

const vendors = {
  async openai(url) {
    const { OpenAI } = await load("openai");
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "key", timeout: patience });
    return client.chat.completions.create({ model: "m", messages, stream: true });
  },
  async anthropic(url) {
    const { Anthropic } = await load("@anthropic-ai/sdk");
    const client = new Anthropic({ baseURL: url, apiKey: "key", timeout: patience });
    return client.messages.create({ model: "m", messages, max_tokens: 100, stream: true });
  },
  async cohere(url) {
    const { CohereClientV2 } = await load("cohere-ai");
    const client = new CohereClientV2({ environment: url, token: "key" });
    const options = { timeoutInSeconds: patience / 1_000 };
    return client.chatStream({ model: "m", messages }, options);
  },
  async mistral(url) {
    const { Mistral } = await import(
      pathToFileURL(path.join(process.cwd(), "node_modules/@mistralai/mistralai/esm/index.js")).href
    );
    const client = new Mistral({ serverURL: url, apiKey: "key", timeoutMs: patience });
    return client.chat.stream({ model: "m", messages });
  },
};

const [name, url] = process.argv.slice(2);
let events = 0;
let ending = "complete";
const tell = (how) => {
  console.log(JSON.stringify({ events, ending: how }));
  process.exit(0);
};
try {
  const stream = await vendors[name](url);
  setTimeout(() => tell("hangs"), watchdog);
  for await (const _ of stream) events += 1;
} catch (error) {
  ending = error?.constructor?.name ?? String(error);
}
tell(ending);
