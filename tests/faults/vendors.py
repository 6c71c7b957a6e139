"""Put the vendors' SDKs before the fault server and write down what they do.

`python -m tests.faults.vendors` installs them below `target/vendors`, from PyPI and
npm, and writes `docs/vendor-streams.md`. Our own SDKs run the same faults.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from headgate.faults.answer_faults import page
from headgate.faults.draws import PATIENT, Call, Case, Operation, after_cut, sent
from headgate.faults.expectation import Expectation, Outcome
from headgate.faults.recordings import Event, Recording, edited, recording
from headgate.faults.script import Answer, Events
from headgate.faults.server import FaultServer, serving
from tests.faults.campaign import COMMANDS, DRIVERS, ENVIRONMENT, LANGUAGES, ROOT
from tests.faults.vendor_streams import STREAMS, VendorStream

BUILD = ROOT / "target" / "vendors"
PAGE = ROOT / "docs" / "vendor-streams.md"
PYTHON_SDKS = {
    "openai": "openai==3.52.0",
    "anthropic": "anthropic==2.11.0",
    "cohere": "cohere==7.3.1",
    "mistral": "mistralai==3.7.0",
}
NODE_SDKS = {
    "openai": "openai@7.55.0",
    "anthropic": "@anthropic-ai/sdk@1.11.0",
    "cohere": "cohere-ai@8.1.0",
    "mistral": "@mistralai/mistralai@2.7.0",
}
FAULTS = (
    "clean cut",
    "reset",
    "stall",
    "HTML with 200",
    "error event",
    "unknown event",
    "broken JSON",
)
STUCK = 300.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client did with a fault, and whether that will do."""

    text: str
    right: bool


class Fixed:
    """Cases made by hand, in the place of those that are drawn."""

    def __init__(self, cases: Mapping[str, Case]) -> None:
        self._cases = cases

    def find(self, key: str, operation: Operation | None = None) -> Case:
        """The case with that key."""
        return self._cases[key]


def answers(whole: Recording, error: bytes, unknown: bytes) -> dict[str, Answer]:
    """The answer of each fault, in the middle of a stream."""
    half = whole.size // 2
    head, mark, _ = whole.events[half].raw.partition(b"data: ")
    broken = head + mark + b"{oops\n\n"

    def after_half(raw: bytes) -> Answer:
        return Answer(events=Events(count=half + 1, instead={half + 1: (raw,)}))

    return {
        "clean cut": Answer(events=sent(half)),
        "reset": Answer(events=sent(half), end="reset"),
        "stall": Answer(events=sent(half), end="stall"),
        "HTML with 200": page(),
        "error event": after_half(error),
        "unknown event": Answer(events=Events(instead={half: (half, unknown)})),
        "broken JSON": Answer(events=Events(instead={half + 1: (broken,)})),
    }


def vendor_case(stream: VendorStream, fault: str) -> Case:
    """The case of a fault in a vendor's stream; nothing of it is judged."""
    events = tuple(Event(frame, "", "") for frame in stream.frames)
    whole = Recording("vendor", "other", events)
    answer = answers(whole, stream.error, stream.unknown)[fault]
    call = Call("messages.stream", whole)
    return Case(
        number=0,
        name=fault,
        call=call,
        answers=(answer,),
        expectation=Expectation(whole, (), posts=99),
    )


def install() -> None:
    """Install the vendors' SDKs, each language's in one environment."""
    python = BUILD / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    pip = [str(python / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *PYTHON_SDKS.values()], check=True)
    node = BUILD / "node"
    node.mkdir(parents=True, exist_ok=True)
    (node / "package.json").write_text('{"private": true}\n')
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run([*npm, *NODE_SDKS.values()], check=True, cwd=node)


async def vendor_row(name: str, language: str) -> dict[str, Seen]:
    """What one vendor's SDK does with each fault."""
    found: dict[str, Seen] = {}
    for fault in FAULTS:
        case = vendor_case(STREAMS[name], fault)
        server = FaultServer(Fixed({"it": case}), default="it")
        async with serving(server, "127.0.0.1", 0) as url:
            told = await _driven(language, name, url)
        found[fault] = _judged(fault, told, len(STREAMS[name].frames))
        print(f"{language} {name}, {fault}: {found[fault].text}", file=sys.stderr)
    return found


async def _driven(language: str, name: str, url: str) -> dict[str, object]:
    """Run a vendor's driver and give what it told."""
    driver = DRIVERS / "vendors"
    command = {
        "Python": [str(BUILD / "python/bin/python"), str(driver / "vendor.py")],
        "Node": ["node", str(driver / "vendor.mjs")],
    }[language]
    process = await asyncio.create_subprocess_exec(
        *command,
        name,
        url,
        cwd=BUILD / "node",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    out, _ = await asyncio.wait_for(process.communicate(), STUCK)
    lines = out.splitlines()
    if not lines:
        raise RuntimeError(f"{language} {name} said nothing")
    told: dict[str, object] = json.loads(lines[-1])
    return told


def _judged(fault: str, told: dict[str, object], frames: int) -> Seen:
    count, ending = told["events"], str(told["ending"])
    if ending == "hangs":
        return Seen("hangs", right=False)
    if fault == "unknown event":
        if ending != "complete":
            return Seen(f"raises `{ending}`", right=False)
        told_of = isinstance(count, int) and count >= frames
        return Seen("delivers it" if told_of else "drops it", right=told_of)
    if ending == "complete":
        return Seen(f"ends as if complete, {count} events", right=False)
    return Seen(f"raises `{ending}`, {count} events", right=True)


def own_cases(operation: Operation) -> dict[str, Case]:
    """The same faults in one of our own streams, with what is right for them."""
    kind = "message" if operation == "messages.stream" else "run"
    call = Call(operation, recording(kind, "text"))
    whole, half = call.recording, call.recording.size // 2
    number = f'"run_id":"{whole.run_id}","sequence_number":{half + 1},'
    fields = number + '"created_at":"2026-11-21T10:00:00Z",' if kind == "run" else ""
    failure = '{"type":"overloaded_error","code":"overloaded","message":"Busy."}'
    error = f'event: error\ndata: {{"type":"error",{fields}"error":{failure}}}\n\n'
    failed = replace(
        whole,
        events=(*whole.events[:half], Event(error.encode(), "error", "")),
        ending="OverloadedError",
    )
    outcomes = {
        "clean cut": after_cut(call, half, abrupt=False),
        "reset": after_cut(call, half, abrupt=True),
        "stall": after_cut(call, half, abrupt=False, phase="idle"),
        "HTML with 200": (Outcome.exactly("ResponseDecodeError", 0),),
        "error event": (Outcome.exactly("OverloadedError", half),),
        "unknown event": (call.whole(),),
        "broken JSON": (Outcome.exactly("ResponseDecodeError", half),),
    }
    event = whole.events[half]
    renamed = edited(whole, half + 1, event.raw.replace(event.name.encode(), b"new"))
    served = {"unknown event": renamed, "error event": failed}
    replies = {
        **answers(whole, b"", b""),
        "unknown event": Answer(),
        "error event": Answer(),
    }
    return {
        str(place): Case(
            number=place,
            name=fault,
            call=Call(operation, served.get(fault, whole)),
            answers=(replies[fault],),
            expectation=Expectation(served.get(fault, whole), outcomes[fault]),
            timeouts={**PATIENT, "idle": 3.0 if fault == "stall" else 20.0},
        )
        for place, fault in enumerate(FAULTS)
    }


async def own_row(language: str, operation: Operation) -> dict[str, Seen]:
    """What our SDK does, which the server judges as in a campaign."""
    cases = own_cases(operation)
    server = FaultServer(Fixed(cases))
    command = await asyncio.to_thread(COMMANDS[language])
    async with serving(server, "127.0.0.1", 0) as url:
        process = await asyncio.create_subprocess_exec(
            *command, url, "0", str(len(cases)), "4", env=ENVIRONMENT, stdout=-3
        )
        if await process.wait():
            raise RuntimeError(f"the {language} driver failed")
    wrong = {failure.case: str(failure.wrong) for failure in server.report.failures}
    return {
        case.name: Seen(wrong.get(key) or _told(case), right=key not in wrong)
        for key, case in cases.items()
    }


def _told(case: Case) -> str:
    outcome = case.expectation.outcomes[0]
    if case.name == "unknown event":
        return "delivers it"
    if outcome.ending == "complete":
        return "goes on, every event once"
    most = "" if outcome.least == outcome.most else "up to "
    return f"raises `{outcome.ending}`, {most}{outcome.most} events"


def table(rows: Iterable[tuple[str, Mapping[str, Seen]]]) -> str:
    """A Markdown table, what will not do in bold."""
    lines = ["| | " + " | ".join(FAULTS) + " |", "|---" * (len(FAULTS) + 1) + "|"]
    for name, row in rows:
        cells = (row[f].text if row[f].right else f"**{row[f].text}**" for f in FAULTS)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


async def main() -> None:
    """Run everything and write the page."""
    install()
    rows: list[tuple[str, Mapping[str, Seen]]] = []
    for language, sdks in (("Python", PYTHON_SDKS), ("Node", NODE_SDKS)):
        found = await asyncio.gather(*(vendor_row(name, language) for name in sdks))
        names = (_PINNED.sub(r" \1", version) for version in sdks.values())
        rows += zip((f"{name} ({language})" for name in names), found, strict=True)
    for operation in ("messages.stream", "runs.stream"):
        for language in LANGUAGES:
            title = f"ours, {language}, `{operation}`"
            rows.append((title, await own_row(language, operation)))
    PAGE.write_text(TEXT.format(table=table(rows)), "utf-8")


_PINNED = re.compile(r"(?:==|@)([0-9.]+)$")

TEXT = """\
# What SDKs do when a stream breaks

Made by `python -m tests.faults.vendors`, which installs the vendors' SDKs from PyPI
and npm in environments of their own and puts them before the
[fault server](faults.md). Each SDK reads a small stream in its own API's shape; in the
middle of it the server does what the column says. The vendors' SDKs and ours have a
timeout of 3 seconds where it can be set; what has not ended after 15 is said to hang.

| | the server |
|---|---|
| clean cut | ends the body as if complete, before the event that ends the stream |
| reset | resets the connection |
| stall | sends nothing more and keeps the connection open |
| HTML with 200 | answers with a page, as a proxy's sign-in does |
| error event | sends the API's own error event |
| unknown event | sends an event of a new kind, then the rest |
| broken JSON | sends an event whose data is no JSON |

What leaves a caller with less than there was and no way to know is in bold: an ending
without an error, a stall without an end, an event that disappears, a new kind of event
that breaks an old client.

{table}

`runs.stream` can be resumed, so a cut, a reset and a stall are healed;
`messages.stream` cannot, and says so. An exception whose name begins with another
package (`httpx`, `json`) is one that a caller of the SDK does not expect; in Node that
is a `TypeError` or a `SyntaxError`.
"""


if __name__ == "__main__":
    asyncio.run(main())
