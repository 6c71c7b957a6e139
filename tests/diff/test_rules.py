"""Each rule of `headgate diff`, on two documents that differ in one place."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from headgate.diagnostics import explanations
from headgate.diff import Level, Report, Sides, compare_apis, compare_documents
from headgate.diff.changes import WAYS, Change, Changes, TypeChange
from headgate.document import Document, load_document
from headgate.errors import Location
from headgate.ir.api import Api, Constructor, Content, Server, Webhook
from headgate.ir.build import build_api
from headgate.ir.operations import Body, Operation, Part, Resource
from headgate.ir.types import Docs, Scalar, TypeId
from tests.diff.cases import BACKWARD, BASE, FORWARD, Case

PLACE = Location("openapi.yaml", 1, 1, "#")
WEBHOOK = Webhook("found", "found", Scalar("string"), Docs(), PLACE)
MAKER = Constructor("pet", TypeId("Pet"), ("name",), None, Docs(), PLACE)
SERVER = Server("https://{zone}.pets.example", (), Docs())
IN_THE_IR: dict[str, Level] = {
    "constructor-changed": "breaking",
    "constructor-removed": "breaking",
    "part-changed": "breaking",
    "server-added": "safe",
    "server-removed": "risky",
    "stream-discriminator": "breaking",
    "stream-envelope": "risky",
    "webhook-added": "safe",
    "webhook-removed": "breaking",
}


@cache
def base(folder: Path) -> Document:
    return written(folder, "old.yaml", BASE)


def written(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.write_text(text, "utf-8")
    return load_document(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("diff")


def found(report: Report) -> set[tuple[str, Level]]:
    return {(change.code, change.level) for change in report.changes}


def name_of(case: Case) -> str:
    return f"{case.code}-{case.level}"


@pytest.mark.parametrize("case", FORWARD, ids=name_of)
def test_a_change_is_reported_by_its_rule(case: Case, folder: Path) -> None:
    """Each replacement is found, judged, and shown where it was made."""
    report = compare_documents(base(folder), written(folder, "new.yaml", case.text))

    assert (case.code, case.level) in found(report)
    assert all(change.old or change.new for change in report.changes)


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("enum: [cat]", "enum: [cat, owl]", ["received, can now be 'owl'"]),
        (
            "enum: [cat, owl]",
            "enum: [cat]",
            ["sent, can no longer be 'owl'", "received, can no longer be 'owl'"],
        ),
    ],
)
def test_what_is_safe_one_way_is_told_of_the_other(
    was: str, now: str, told: list[str], folder: Path
) -> None:
    """A change of a shared type says whom it concerns, and nothing to the others."""
    old, new = (
        written(folder, f"{each}.yaml", BASE.replace("enum: [cat, dog]", kind))
        for each, kind in (("old-kind", was), ("new-kind", now))
    )

    said = [change.message for change in compare_documents(old, new).changes]
    assert [each.partition(", which is ")[2] for each in said] == told


def test_what_is_judged_alike_is_told_once() -> None:
    """One change for both ways, whichever was compared first."""
    changes = Changes()
    change = TypeChange("type-changed", f"it, which is {WAYS}, changed", PLACE, PLACE)
    changes.note_type(change, "received", "breaking")
    changes.note_type(change, "sent", "breaking")

    said = [(each.level, each.message) for each in changes.listed()]
    assert said == [("breaking", "it, which is sent and received, changed")]


@pytest.mark.parametrize(("code", "level", "forward"), BACKWARD)
def test_the_reverse_of_a_change_is_judged_on_its_own(
    code: str, level: Level, forward: str, folder: Path
) -> None:
    """What takes something away gives it when read backwards, and the reverse."""
    reports = [
        compare_documents(written(folder, "new.yaml", case.text), base(folder))
        for case in FORWARD
        if case.code == forward
    ]

    assert any((code, level) in found(report) for report in reports)


def test_nothing_changed_is_no_change(folder: Path) -> None:
    """A document compared with itself asks for a patch version at most."""
    report = compare_documents(base(folder), base(folder))

    assert (report.changes, report.bump) == ((), "patch")


def test_a_change_has_its_place_in_both_documents(folder: Path) -> None:
    """The places are those of the line that was changed."""
    case = next(case for case in FORWARD if case.code == "type-changed")
    report = compare_documents(base(folder), written(folder, "new.yaml", case.text))

    line = 1 + BASE[: BASE.index(case.before)].count("\n")
    old, new = str(folder / "old.yaml"), str(folder / "new.yaml")
    assert [
        (c.old.file, c.old.line, c.new.file, c.new.line)
        for c in report.changes
        if c.old and c.new
    ] == [(old, line, new, line)]


def test_a_new_order_is_shown_by_its_shortest_way(folder: Path) -> None:
    """The message names the events that could not follow one another before."""
    case = next(case for case in FORWARD if case.code == "order-widened")
    report = compare_documents(base(folder), written(folder, "new.yaml", case.text))

    said = [change.message for change in report.changes]
    assert said == ["the stream 'walk' may now go: start → rest → done"]


def test_another_way_to_add_all_events_up_is_a_change(folder: Path) -> None:
    """A text that pieces no longer lengthen is found where no event has a rule."""
    rules = (
        "      start: [{set: '', from: walk}]\n      step: [{append: text, from: text}]"
    )
    ways = ("{by: n, append: [text]}", "{by: n, append: []}")
    old, new = (
        BASE.replace(rules, f"      accumulate: {way}").replace(
            "    deltas: {text: {event: step, at: text}}\n", ""
        )
        for way in ways
    )
    report = compare_documents(
        written(folder, "adding.yaml", old), written(folder, "new.yaml", new)
    )

    assert found(report) == {("fold-changed", "risky")}


@pytest.mark.parametrize("code", IN_THE_IR)
def test_what_the_ir_holds_is_compared(code: str, folder: Path) -> None:
    """Servers, webhooks, content and forms are judged like the rest."""
    api = build_api(base(folder))[0]
    before, after = both(api, code)
    sides = Sides(base(folder), base(folder))

    assert (code, IN_THE_IR[code]) in found(compare_apis(before, after, sides))


def both(api: Api, code: str) -> tuple[Api, Api]:
    """An API before and after the change that a code is about."""
    changed = replace(MAKER, arguments=("name", "age"))
    pairs = {
        "constructor-changed": (making(api, MAKER), making(api, changed)),
        "constructor-removed": (making(api, MAKER), api),
        "part-changed": (
            sending(api, Part("photo", "text", many=False)),
            sending(api, Part("photo", "file", many=False)),
        ),
        "server-added": (api, replace(api, servers=(SERVER,))),
        "server-removed": (replace(api, servers=(SERVER,)), replace(api, servers=())),
        "stream-discriminator": (api, streaming(api, discriminator="kind")),
        "stream-envelope": (
            streaming(api, enveloped=True),
            streaming(api, enveloped=False),
        ),
        "webhook-added": (api, replace(api, webhooks=(WEBHOOK,))),
        "webhook-removed": (replace(api, webhooks=(WEBHOOK,)), api),
    }
    return pairs[code]


def making(api: Api, constructor: Constructor) -> Api:
    return replace(api, content=Content(constructors=(constructor,)))


def streaming(api: Api, discriminator: str = "type", *, enveloped: bool = False) -> Api:
    stream = replace(
        api.streams["walk"], discriminator=discriminator, enveloped=enveloped
    )
    return replace(api, streams={"walk": stream})


def sending(api: Api, part: Part) -> Api:
    return replace(api, root=with_part(api.root, part))


def with_part(resource: Resource, part: Part) -> Resource:
    return replace(
        resource,
        operations=tuple(with_body(each, part) for each in resource.operations),
        children=tuple(with_part(each, part) for each in resource.children),
    )


def with_body(operation: Operation, part: Part) -> Operation:
    body = operation.body
    changed = body and Body(
        "multipart",
        "multipart/form-data",
        body.type,
        body.required,
        body.docs,
        body.location,
        (part,),
    )
    return replace(operation, body=changed)


def test_every_rule_has_a_case() -> None:
    """No code is reported that no pair of documents shows."""
    shown = {
        *(case.code for case in FORWARD),
        *(code for code, _, _ in BACKWARD),
        *IN_THE_IR,
    }
    root = Path(__file__).resolve().parents[2]
    text = (root / "generator/headgate/changes.md").read_text("utf-8")
    listed = {line[3:] for line in text.splitlines() if line.startswith("## ")}

    assert listed - shown == set()
    assert listed <= explanations().keys()


@pytest.mark.parametrize(
    ("old", "level", "wanted"),
    [
        ("1.2.3", "breaking", "2.0.0"),
        ("1.2.3", "risky", "1.3.0"),
        ("1.2.3", None, "1.2.4"),
        ("0.4.1", "breaking", "0.5.0"),
        ("0.4.1", "safe", "0.4.2"),
        ("2026-11-21", "safe", "2026.1.0"),
        ("latest", "safe", None),
    ],
)
def test_the_next_version_follows_from_the_changes(
    old: str, level: Level | None, wanted: str | None
) -> None:
    """Breaking: major; anything else: minor; before 1.0.0 one place to the right."""
    changes = (Change(level, "any-code", "", None, PLACE),) if level else ()

    assert Report(changes, old, old).wanted == wanted
