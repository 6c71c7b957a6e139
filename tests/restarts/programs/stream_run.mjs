// Stream the run of the JSON request in the first argument; print each event.

import { Headgate } from "@headgate/sdk";

const client = new Headgate({ retry: { resumeAttempts: 20 } });
const stream = client.runs.stream(JSON.parse(process.argv[2]));
for await (const event of stream) {
  if (event.type !== "ping") console.log(event.sequence_number, event.type);
}
console.log((await stream.final()).stop_reason);
