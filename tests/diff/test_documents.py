"""`headgate diff` on real documents, and what its command prints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from headgate.diff import compare_documents
from headgate.document import bundle, load_document
from tests.corpus import find_documents, own_documents
from tests.diff.cases import BASE, FORWARD

SPEC = Path(__file__).resolve().parents[2] / "spec"
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WHOLE = {
    **{path.parent.name: path for path in sorted(GOLDEN.glob("*/spec.yaml"))},
    **own_documents(),
    **find_documents(),
}
NARROWED = {
    "box": [
        "'context_info' of 'ConflictError', which is received, may no longer be null"
    ]
}
"""What an heir's type takes null from in JSON Schema, where `nullable` of OpenAPI 3.0
is said by one of the two alone: it is read as it is meant, for both."""
CASE = next(case for case in FORWARD if case.code == "parameter-required")


def diff(folder: Path, *options: str) -> Result:
    """Run the command in a folder with two documents."""
    old, new = folder / "old.yaml", folder / "new.yaml"
    old.write_text(BASE, "utf-8")
    new.write_text(CASE.text, "utf-8")
    return CliRunner().invoke(main, ["diff", str(old), str(new), *options])


def test_people_get_a_line_a_change_and_a_verdict(tmp_path: Path) -> None:
    """Place, level, code, message and the place before; then the version."""
    result = diff(tmp_path)

    assert result.exit_code == 1
    assert result.stdout == (
        f"{tmp_path}/new.yaml:12:11: breaking[parameter-required]: the query parameter"
        " 'detail' of GET /pets/{id} is required now"
        f" (before: {tmp_path}/old.yaml:12:11)\n"
        "1 breaking, 0 risky, 0 safe: a major version"
        " (1.2.0 → 1.2.0 is too little: 2.0.0 at least)\n"
    )


def test_programs_get_json(tmp_path: Path) -> None:
    """The same as data, with pointers."""
    report = json.loads(diff(tmp_path, "--format", "json").stdout)

    assert (report["bump"], report["enough"]) == ("major", False)
    assert report["counts"] == {"breaking": 1, "risky": 0, "safe": 0}
    assert [change["code"] for change in report["changes"]] == ["parameter-required"]
    assert report["changes"][0]["old"]["pointer"].endswith("/parameters/1")


def test_a_pull_request_gets_a_table(tmp_path: Path) -> None:
    """Markdown, in which nothing of the documents can become markup."""
    lines = diff(tmp_path, "--format", "markdown").stdout.splitlines()

    assert lines[2] == "### Breaking"
    assert lines[4] == "| what | code | before | now |"
    assert lines[6].startswith("| the query parameter 'detail' of GET /pets/{id} is")


def test_github_gets_annotations(tmp_path: Path) -> None:
    """Breaking is an error, at the place in the new document."""
    text = diff(tmp_path, "--format", "github").stdout

    place = f"file={tmp_path}/new.yaml,line=12,col=11,title=parameter-required"
    assert text.startswith(f"::error {place}::")


@pytest.mark.parametrize(
    ("limit", "code"), [("breaking", 1), ("risky", 1), ("safe", 1), ("never", 0)]
)
def test_the_exit_code_follows_the_limit(limit: str, code: int, tmp_path: Path) -> None:
    """A change as bad as the limit, or worse, fails."""
    assert diff(tmp_path, "--fail-on", limit).exit_code == code


def test_overlays_belong_to_one_side_each(tmp_path: Path) -> None:
    """What an Overlay does to one document is a change; done to both it is none."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions:\n"
        "  - target: $.paths['/pets'].post\n    remove: true\n",
        "utf-8",
    )
    place = tmp_path / "base.yaml"
    place.write_text(BASE, "utf-8")
    command = ["diff", str(place), str(place), "--overlay", str(overlay)]
    one = CliRunner().invoke(main, command)
    both = CliRunner().invoke(main, [*command, "--old-overlay", str(overlay)])

    assert (one.exit_code, both.exit_code) == (1, 0)
    assert "breaking[operation-removed]: POST /pets is gone" in one.stdout


def test_the_same_api_in_two_versions_of_openapi() -> None:
    """Rewriting a document from 3.0 to 3.1 breaks nobody."""
    corpus = find_documents()
    pairs = [("opc-baseline-30", "opc-baseline-31"), ("petstore3", "petstore3")]
    found = {
        (old, new): compare_documents(load_document(first), load_document(second))
        for old, new in pairs
        if (first := corpus.get(old)) and (second := corpus.get(new))
    }

    assert [report.count("breaking") for report in found.values()] == [0] * len(found)
    codes = {change.code for report in found.values() for change in report.changes}
    assert codes <= {"media-type-changed", "type-renamed"}


@pytest.mark.parametrize("document", WHOLE)
def test_a_document_is_its_bundle(document: str, tmp_path: Path) -> None:
    """One file in the words of 3.1 says to every generator what the document says."""
    given = load_document(WHOLE[document])
    place = tmp_path / "bundle.json"
    place.write_text(json.dumps(bundle(given)), "utf-8")
    settings = WHOLE[document].with_name("headgate.toml")
    if settings.exists():
        shutil.copy(settings, tmp_path)

    report = compare_documents(given, load_document(place))

    assert [change.message for change in report.changes] == NARROWED.get(document, [])


def test_our_own_specification_against_an_earlier_one(tmp_path: Path) -> None:
    """A rule that a stream loses and an error code that it gains are both found."""
    earlier = tmp_path / "spec"
    shutil.copytree(SPEC, earlier)
    errors, run = earlier / "schemas/errors.yaml", earlier / "streams/run.yaml"
    errors.write_text(
        errors.read_text("utf-8").replace("    - interrupted\n", "", 1), "utf-8"
    )
    declared = run.read_text("utf-8")
    run.write_text(
        declared.replace("    410: expired\n", "    409: expired\n", 1), "utf-8"
    )
    old = load_document(earlier / "openapi.yaml")
    report = compare_documents(old, load_document(SPEC / "openapi.yaml"))

    assert {(change.code, change.level) for change in report.changes} == {
        ("value-added", "risky"),
        ("resume-statuses", "breaking"),
    }


def test_a_document_of_many_streams_is_like_itself() -> None:
    """Streams whose events are told apart by conditions have an order too."""
    document = load_document(SPEC / "openapi.yaml")

    assert compare_documents(document, document).changes == ()


def test_what_happens_to_many_operations_is_said_once(tmp_path: Path) -> None:
    """A header that every answer has now is one change, with a few of their names."""
    answer = "{get: {responses: {'204': {description: Done.%s}}}}"
    reports = []
    for count in (3, 4):
        texts = [
            "openapi: 3.1.0\ninfo: {title: Many, version: '1'}\npaths:\n"
            + "".join(f"  /{number}: {answer % headers}\n" for number in range(count))
            for headers in ("", ", headers: {'X-{a}': {schema: {type: string}}}")
        ]
        documents = []
        for name, text in zip(("old", "new"), texts, strict=True):
            path = tmp_path / f"{name}{count}.yaml"
            path.write_text(text, "utf-8")
            documents.append(load_document(path))
        reports.append(compare_documents(*documents))
    few, many = ([change.message for change in each.changes] for each in reports)

    assert len(few) == 3
    names = "GET /0, GET /1, GET /2, …"
    assert many == [
        f"the header 'X-{{a}}' of the answer of 4 operations ({names}) is new"
    ]


def test_a_type_may_become_one_of_several(tmp_path: Path) -> None:
    """It is found again by its tag; null said twice and text for values are no harm."""
    kind = "{{type: object, required: [kind], properties: {{kind: {{const: {}}}}}}}"
    kinds = {
        "Old": kind.format("a"),
        "New": kind.format("a"),
        "Other": kind.format("b"),
    }
    schemas = {**kinds, "Maybe": "{type: [integer, 'null']}"}
    old, new, other, maybe = (f"{{$ref: '#/components/schemas/{n}'}}" for n in schemas)
    many = "{{type: object, properties: {{one: {}, maybe: {}, text: {}}}}}"
    bodies = (
        many.format(old, "{type: [integer, 'null']}", "{enum: [x, y]}"),
        many.format(
            f"{{oneOf: [{new}, {other}]}}",
            f"{{anyOf: [{maybe}, {{type: 'null'}}]}}",
            "{anyOf: [{type: string}, {type: integer}]}",
        ),
    )
    documents = []
    for name, body in zip(("old", "new"), bodies, strict=True):
        path = tmp_path / f"{name}.yaml"
        content = f"{{application/json: {{schema: {body}}}}}"
        path.write_text(
            "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    post:\n"
            f"      requestBody: {{content: {content}}}\n"
            "      responses: {'204': {description: Done.}}\ncomponents:\n  schemas:\n"
            + "".join(f"    {key}: {value}\n" for key, value in schemas.items()),
            "utf-8",
        )
        documents.append(load_document(path))
    found = compare_documents(*documents).changes

    assert {(change.code, change.level) for change in found} == {
        ("type-widened", "safe"),
        ("type-renamed", "risky"),
    }
