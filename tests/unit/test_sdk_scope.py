"""The SDKs are thin: no provider's name and no tool loop is in any of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.unit.test_runtime_names import PREFIX, RUNTIMES, provider_names

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "generated"
HEADER_MAPS = {
    "python": "src/headgate_sdk/_product.py",
    "typescript": "src/configuration.ts",
    "rust": "src/client.rs",
}
CLIENTS = {
    "python": {"src/headgate_sdk/_client.py"},
    "typescript": {"src/index.ts", "src/vendors.ts"},
    "rust": {"src/client.rs"},
}
"""Where a vendor's own client is given out, for those that `x-clients` declares."""
TOOL = re.compile(r"\btools?(?!\.)(?:_\w+)?\b", re.IGNORECASE)
DIALECT = re.compile(
    r"[\"'`](?:openai-chat|openai-responses|anthropic-messages|gemini)[\"'`]"
    r"|\b(?:Self::|Dialect::)?Gemini\b(?=[,(] |,$| =>)",
    re.MULTILINE,
)
"""The dialects that a provider may speak, as the API calls them in its data."""
SOURCES = {".py", ".ts", ".rs"}


def sources(language: str) -> dict[str, str]:
    """The text of each committed source file of an SDK."""
    folder = GENERATED / language
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted((folder / "src").rglob("*"))
        if path.suffix in SOURCES
    }


def naming(language: str, names: set[str]) -> set[str]:
    """The source files of an SDK that name one of the providers."""
    words = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b", re.IGNORECASE)
    return {
        path
        for path, text in sources(language).items()
        if words.search(DIALECT.sub("", text))
    }


@pytest.mark.parametrize("language", HEADER_MAPS)
def test_providers_are_named_in_the_header_map_alone(language: str) -> None:
    """A provider is a name for a header and nothing that an SDK knows about."""
    document = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text("utf-8"))
    vendors = set(document["x-clients"])
    places = {HEADER_MAPS[language]}

    assert naming(language, provider_names() - vendors) == places
    assert naming(language, vendors) == places | CLIENTS[language]


@pytest.mark.parametrize("language", HEADER_MAPS)
def test_every_provider_header_is_in_the_map(language: str) -> None:
    """The map holds each header of the specification, spelt as it is there."""
    declared = re.findall(
        rf"name: ({PREFIX}\w+)", (ROOT / "spec" / "parameters.yaml").read_text("utf-8")
    )
    text = sources(language)[HEADER_MAPS[language]]
    # In TypeScript the map spells those alone that are no word with a capital.
    spelt = re.search(r"members: \[([^\]]*)\]", text)
    spellings = (
        {each.lower(): each for each in re.findall(r"\w+", spelt[1])} if spelt else {}
    )
    options = re.search(r"interface ProviderKeys \{(.*?)\n\}", text, re.DOTALL)
    named = re.findall(r"readonly (\w+)\?", options[1]) if options else []
    headers = (PREFIX + spellings.get(each, each.capitalize()) for each in named)
    mapped = {*re.findall(rf"{PREFIX}\w+", text), *headers}

    assert sorted(mapped) == sorted(declared)


@pytest.mark.parametrize("language", HEADER_MAPS)
def test_nothing_fixed_knows_of_tools(language: str) -> None:
    """Tools are data of the API: what runs in every SDK never mentions them.

    But for the module that makes tools for the agents of other libraries.
    """
    fixed = [RUNTIMES / language / "runtime", *(RUNTIMES / language).rglob("*.jinja")]
    files = [path for top in fixed for path in [top, *top.rglob("*")] if path.is_file()]
    naming = [
        str(path.relative_to(ROOT))
        for path in files
        if "__pycache__" not in path.parts
        and path.name != "agents.py"
        and TOOL.search(path.read_text("utf-8"))
    ]

    assert files
    assert naming == []
