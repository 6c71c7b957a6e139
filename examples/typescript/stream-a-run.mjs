// Stream a tool-using run; each event is named as it arrives.

import { Headgate } from "@headgate/sdk";

const question = {
  model: "mock/script",
  messages: [{ role: "user", content: "How do event streams resume?" }],
  metadata: { script: "research" },
};
const tools = ["web_search", "web_fetch"];
const stream = new Headgate().runs.stream({ request: question, server_tools: tools });
for await (const event of stream) console.log(event.type);
console.log((await stream.final()).stop_reason);
