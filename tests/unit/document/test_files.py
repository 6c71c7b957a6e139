"""Only files beside or below the root document are read, whatever it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.document import load_document
from headgate.errors import SpecError
from tests.unit.document.folder import HEAD, faults, load, write

SECRET = "Secret: {type: string, description: hush}\n"
ESCAPES = [
    "../secret.yaml#/Secret",
    "..%2fsecret.yaml#/Secret",
    "link.yaml#/Secret",
    "folder/secret.yaml#/Secret",
    "./folder/../../secret.yaml#/Secret",
    "{outside}/secret.yaml#/Secret",
    "/etc/passwd",
]
REMOTE = [
    "https://example.invalid/a.yaml",
    "HTTP://example.invalid/a.yaml",
    "file:///etc/passwd",
    "//example.invalid/a.yaml",
    "\\\\\\\\example.invalid\\\\a.yaml",
    "urn:pets:dog",
]
IMPOSSIBLE = ["nothing.yaml", "a\\0b.yaml", "x" * 5000, ".", "folder"]


def referring(reference: str) -> dict[str, str]:
    text = (
        f'{HEAD}paths: {{}}\ncomponents: {{schemas: {{A: {{$ref: "{reference}"}}}}}}\n'
    )
    return {"spec/openapi.yaml": text}


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_reference_leads_out_of_the_folder(tmp_path: Path, escape: str) -> None:
    """Neither by dots, nor encoded, nor by a symbolic link, nor by its full name."""
    write(tmp_path, {"secret.yaml": SECRET})
    spec = write(tmp_path, referring(escape.replace("{outside}", str(tmp_path))))
    (spec.parent / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (spec.parent / "folder").symlink_to(tmp_path)
    with pytest.raises(SpecError) as raised:
        load_document(spec)

    assert [it.code for it in raised.value.diagnostics] == ["outside-folder"]
    assert "hush" not in "".join(raised.value.sources.values())


@pytest.mark.parametrize("reference", REMOTE)
def test_nothing_is_downloaded(tmp_path: Path, reference: str) -> None:
    """A document says where its author's files are, not where to send requests."""
    found = faults(tmp_path, referring(reference))

    assert [it.code for it in found] == ["remote-reference"]


@pytest.mark.parametrize("reference", IMPOSSIBLE)
def test_a_file_that_is_not_there_is_a_diagnostic(
    tmp_path: Path, reference: str
) -> None:
    """Also one whose name no file system could have, or that is a folder."""
    (tmp_path / "spec" / "folder").mkdir(parents=True)
    found = faults(tmp_path, referring(reference))

    assert [it.code for it in found] == ["missing-file"]


def test_a_document_may_stand_behind_a_link(tmp_path: Path) -> None:
    """The folder that counts is the real one."""
    write(tmp_path, {"real/openapi.yaml": f"{HEAD}paths: {{$ref: paths.yaml}}\n"})
    write(tmp_path, {"real/paths.yaml": "{}\n"})
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert load_document(tmp_path / "link" / "openapi.yaml").root["paths"] == {}


def test_a_missing_document_is_a_diagnostic(tmp_path: Path) -> None:
    """So is a folder."""
    found = []
    for path in (tmp_path / "nothing.yaml", tmp_path):
        with pytest.raises(SpecError) as raised:
            load_document(path)
        found += [it.code for it in raised.value.diagnostics]

    assert found == ["missing-file", "missing-file"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    """Editors on some systems write one; columns do not count it."""
    path = tmp_path / "openapi.yaml"
    path.write_bytes(f"{HEAD}paths: {{}}\nx-é: [1, ü]\n".encode(encoding))
    document = load_document(path)

    place = document.locate("#/x-é/1")
    assert (place.line, place.column, document.root["x-é"]) == (4, 10, [1, "ü"])


def test_bytes_that_are_no_text_are_a_diagnostic(tmp_path: Path) -> None:
    """It stands at the first of them."""
    path = tmp_path / "openapi.yaml"
    path.write_bytes(f"{HEAD}paths: {{}}\nx-é: caf".encode() + b"\xe9\n")
    with pytest.raises(SpecError) as raised:
        load_document(path)

    found = [
        (it.code, it.location.line, it.location.column)
        for it in raised.value.diagnostics
    ]
    assert found == [("bad-encoding", 4, 9)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(tmp_path: Path, end: str) -> None:
    """Whatever ends them; U+2028 in a text ends none."""
    path = tmp_path / "openapi.yaml"
    text = f'{HEAD}x-a: "\u2028"\npaths: {{}}\nx-b: 1\n'
    path.write_bytes(text.replace("\n", end).encode())

    assert load_document(path).locate("#/x-b").line == 5


def test_files_are_named_as_the_user_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to where the user is when the document was named so."""
    write(tmp_path, referring("pets/dog.yaml"))
    write(tmp_path, {"spec/pets/dog.yaml": "type: 1\n"})
    monkeypatch.chdir(tmp_path)
    document = load_document(Path("spec/openapi.yaml"))

    assert [str(it.location) for it in document.warnings] == ["spec/pets/dog.yaml:1:7"]


def test_warnings_are_errors_when_strict(tmp_path: Path) -> None:
    """The same diagnostics, and nothing is made."""
    files = {"openapi.yaml": f"{HEAD}paths: {{}}\nservers: [1]\n"}
    document = load(tmp_path, files)
    with pytest.raises(SpecError) as raised:
        load_document(tmp_path / "openapi.yaml", strict=True)

    assert [it.code for it in document.warnings] == ["wrong-type"]
    assert [(it.code, it.severity) for it in raised.value.diagnostics] == [
        ("wrong-type", "error")
    ]
