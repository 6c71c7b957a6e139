"""Stream the run of the JSON request in the first argument; print each event."""

import json
import sys

from headgate_sdk import Headgate, RetryPolicy

client = Headgate(retry=RetryPolicy(resume_attempts=20))
with client.runs.stream(**json.loads(sys.argv[1])) as stream:
    for event in stream:
        if event.type != "ping":
            print(event.sequence_number, event.type, flush=True)
    print(stream.final().stop_reason)
