"""A support bot in the terminal: `python support_bot.py NAME`, a line a question.

A conversation belongs to its client: who comes back goes on where it was left. Whoever
has a draft to agree to first is told so. `bye` ends it.
"""

import sys

from headgate_sdk import Headgate
from headgate_sdk.types import Workspace, WorkspaceMessage

PROMPT = "You help people with their kettles. Be brief and kind."


def show(messages: list[WorkspaceMessage]) -> None:
    """Print what was said, a line each."""
    for message in messages:
        print(f"{message.role}: {message.content}", flush=True)


def conversation(client: Headgate, name: str) -> Workspace:
    """Find the client's conversation, or begin one."""
    found = client.workspaces.get_by_client_id(name)
    if found.workspace is not None and found.workspace.status == "active":
        show(found.messages)
        return found.workspace
    begun = client.workspaces.create(
        client_id=name,
        model="mock/echo",
        system_prompt=PROMPT,
        context={"product": "kettle K2"},
    )
    return begun.workspace


def main() -> None:
    """Answer the lines of the standard input."""
    with Headgate() as gateway, gateway.trace(agent_name="support-bot") as client:
        workspace = conversation(client, sys.argv[1])
        for line in map(str.strip, sys.stdin):
            if line == "bye":
                client.workspaces.end_conversation(workspace.id)
                return
            answer = client.workspaces.send_message(workspace.id, content=line)
            if answer.pending_approval:
                print("A colleague reads the answer first.", flush=True)
            else:
                show(answer.responses)


if __name__ == "__main__":
    main()
