"""Stream a tool-using run; each event is named as it arrives."""

from headgate_sdk import Headgate

question = {
    "model": "mock/script",
    "messages": [{"role": "user", "content": "How do event streams resume?"}],
    "metadata": {"script": "research"},
}
tools = ["web_search", "web_fetch"]
with Headgate().runs.stream(request=question, server_tools=tools) as stream:
    for event in stream:
        print(event.type)
    print(stream.final().stop_reason)
