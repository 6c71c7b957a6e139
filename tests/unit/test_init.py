"""`headgate init`: what it proposes holds, and says why."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headgate.cli import main
from headgate.document import load_document
from headgate.init import propose
from headgate.ir.build import build_api
from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES
from tests.corpus import find_documents
from tests.golden.cases import CASES, FOLDER

CHAT = """\
openapi: 3.0.3
info: {title: The Chat API, version: "2"}
servers: [{url: https://chat.example/v1}]
paths:
  /chat:
    post:
      operationId: sendChat
      description: The stream is closed by [DONE].
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {mode: {type: string, enum: [blocking, streaming]}}
      responses:
        "200":
          description: An answer.
          content:
            application/json: {schema: {type: object}}
            text/event-stream: {schema: {type: object}}
  /talk:
    post:
      operationId: talk
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {stream: {type: boolean}}}
      responses: {"200": {description: An answer.}}
  /chats:
    get:
      operationId: getV1ChatsOfAllUsersEver
      parameters: [{name: after, in: query, schema: {type: string}}]
      responses:
        "200":
          description: Chats.
          content:
            application/json:
              schema:
                type: object
                properties: {chats: {type: array, items: {type: string}}}
components:
  securitySchemes:
    Token: {type: http, scheme: bearer}
    "a \\n[evil]": {type: apiKey, in: header, name: "X-Y \\n[evil]"}
"""
SMALL = {
    **{name: FOLDER / name / "spec.yaml" for name in CASES},
    **{
        name: path
        for name, path in find_documents().items()
        if path.stat().st_size < 300_000
    },
}


def proposal(path: Path) -> str:
    document = load_document(path)
    return propose(document, build_api(document)[0])


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.yaml"
    path.write_text(CHAT, "utf-8")
    return path


def test_names_credentials_and_streams_are_proposed(chat: Path) -> None:
    """The values are those that would be assumed; what asks for a stream is found."""
    proposed: dict[str, Any] = tomllib.loads(proposal(chat))

    assert proposed["client"]["name"] == "Chat"
    assert proposed["client"]["default_base_url"] == "https://chat.example/v1"
    assert "Token" in proposed["client"]["credentials"]
    assert proposed["python"] == {"distribution": "chat-sdk", "module": "chat_sdk"}
    assert proposed["streams"] == {
        "sendChat": {"asked_by": {"body": "mode", "value": "streaming"}}
    }


def test_reasons_stand_beside_what_is_proposed(chat: Path) -> None:
    """Found and suspected streams, lists and long names are told apart in comments."""
    text = proposal(chat)

    assert "# POST /chat: answers with a stream beside its plain answer." in text
    assert "# Its text speaks of [DONE]: declare `sentinel` in `x-streams`." in text
    assert "# POST /talk: suspected." in text
    assert "# GET /chats: items in `chats`, continues by the cursor `after`" in text
    assert '# "operations.getV1ChatsOfAllUsersEver" = "chats.list"' in text


def test_resources_that_begin_alike_are_grouped(tmp_path: Path) -> None:
    """Three of one family get a parent, by settings that hold as they are proposed."""
    operations = "".join(
        f"  /{name}:\n    get:\n      operationId: list_{name}\n"
        f"      tags: [{name}]\n      responses: {{'204': {{description: None.}}}}\n"
        for name in ("beta_cats", "beta_dogs", "beta_owls", "people")
    )
    spec = tmp_path / "spec.yaml"
    head = "openapi: 3.1.0\ninfo: {title: Zoo, version: '1'}\npaths:\n"
    spec.write_text(head + operations, "utf-8")
    _, _, proposed = proposal(spec).partition("# [groups]\n")
    lines = (line.removeprefix("# ") for line in proposed.splitlines())
    settings = "\n".join(["[groups]", *lines])
    (tmp_path / "headgate.toml").write_text(settings, "utf-8")
    api, _ = build_api(load_document(spec))

    assert [call.resource for call in api.operations] == [
        ("beta", "cats"),
        ("beta", "dogs"),
        ("beta", "owls"),
        ("people",),
    ]


def test_a_crowded_resource_is_parted_by_its_paths(tmp_path: Path) -> None:
    """What the paths of very many calls go on with is proposed as their group."""
    operations = "".join(
        f"  /zoos/{{zoo}}/{part}/{number}:\n    get:\n"
        f"      operationId: {part}{number}\n      tags: [zoos]\n"
        "      parameters: [{name: zoo, in: path, required: true,"
        " schema: {type: string}}]\n"
        "      responses: {'204': {description: None.}}\n"
        for part, count in (("cats", 12), ("dogs", 12), ("map", 1))
        for number in range(count)
    )
    spec = tmp_path / "spec.yaml"
    head = "openapi: 3.1.0\ninfo: {title: Zoo, version: '1'}\npaths:\n"
    spec.write_text(head + operations, "utf-8")
    text = proposal(spec)

    assert '# "cats0" = "zoos.cats"  # now zoos' in text
    assert '# "dogs11" = "zoos.dogs"  # now zoos' in text
    assert '"map0"' not in text.partition("# [groups]")[2]


def test_an_overlay_is_looked_at_too(chat: Path) -> None:
    """What an Overlay adds to the document is found like what it says itself."""
    overlay = chat.with_name("overlay.yaml")
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions:\n"
        "  - target: $.info\n    update: {title: Chatter}\n",
        "utf-8",
    )
    done = CliRunner().invoke(main, ["init", str(chat), "--overlay", str(overlay)])

    assert tomllib.loads(done.stdout)["client"]["name"] == "Chatter"


def test_text_of_the_document_stays_within_its_place(chat: Path) -> None:
    """A line break in a name ends neither a string nor a comment."""
    assert "evil" not in tomllib.loads(proposal(chat))


def test_write_keeps_a_file_that_is_there(chat: Path) -> None:
    """The first --write makes the file, the second is refused and changes nothing."""
    written = CliRunner().invoke(main, ["init", str(chat), "--write"])
    place = chat.with_name("headgate.toml")
    text = place.read_text("utf-8")
    again = CliRunner().invoke(main, ["init", str(chat), "--write"])

    assert (written.exit_code, again.exit_code) == (0, 2)
    assert "is not overwritten" in again.stderr
    assert text == place.read_text("utf-8")


def test_what_is_proposed_generates(chat: Path, tmp_path: Path) -> None:
    """With the proposal beside it the document makes the same three packages."""
    config = tmp_path / "proposed.toml"
    config.write_text(proposal(chat), "utf-8")
    without = generate(chat, LANGUAGES)
    beside = generate(chat, LANGUAGES, config)

    assert {name: files.keys() for name, files in beside.files.items()} == {
        name: files.keys() for name, files in without.files.items()
    }


@pytest.mark.parametrize("name", SMALL)
def test_a_proposal_for_any_document_loads(name: str, tmp_path: Path) -> None:
    """Whatever a document is like, its proposal is read without a fault."""
    config = tmp_path / "headgate.toml"
    config.write_text(proposal(SMALL[name]), "utf-8")

    assert load_document(SMALL[name], config).config.client.name
