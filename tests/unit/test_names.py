"""Any text becomes words, and words become names that nothing else has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.names import (
    Name,
    Scope,
    camel,
    pascal,
    snake,
    spelled,
    split_words,
    type_case,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("createRun", ("create", "run")),
        ("HTTPServer", ("http", "server")),
        ("X-Request-ID", ("x", "request", "id")),
        ("OAuth2Token", ("oauth2", "token")),
        ("sha256", ("sha256",)),
        ("userIDs", ("user", "ids")),
        ("Übergröße", ("ubergro", "udf", "e")),
        ("中文", ("u4e2d", "u6587")),
        ("", ()),
        ("$%&", ()),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    """Humps, digits and signs part words; accents go; the rest is a code point."""
    assert split_words(text) == words


def test_cases() -> None:
    """The same words in three cases."""
    words = ("run", "id", "2")

    assert (snake(words), camel(words), pascal(words)) == (
        "run_id_2",
        "runId2",
        "RunId2",
    )


@given(st.lists(st.text()))
def test_a_scope_never_repeats_itself(texts: list[str]) -> None:
    """Whatever is wanted, each claim gives an identifier of its own."""
    scope = Scope(frozenset({"class", "def"}))
    names = [scope.claim(snake(split_words(text))) for text in texts]

    assert len(set(names)) == len(texts)
    assert not {"class", "def"} & {name.text for name in names}


def test_a_scope_of_files_folds_case() -> None:
    """Names that differ by case only would be one file on some disks."""
    scope = Scope(fold_case=True)

    assert [scope.claim("Run"), scope.claim("run")] == [Name("Run"), Name("run2")]


def test_a_name_is_an_identifier() -> None:
    """Nothing else can be made into one."""
    with pytest.raises(ValueError, match="not an identifier"):
        Name("a b")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3_d_secure", "three_d_secure"),
        ("3DSecure", "ThreeDSecure"),
        ("3_D_SECURE", "THREE_D_SECURE"),
        ("1st", "first"),
        ("2NdName", "SecondName"),
        ("404", "404"),
        ("3_4", "3_4"),
        ("x1", "x1"),
    ],
)
def test_a_digit_at_the_start_is_written_out(text: str, name: str) -> None:
    """A word can begin a name, a digit cannot; numbers stay what they are."""
    assert spelled(text) == name


def test_types_keep_the_case_of_identifiers() -> None:
    """Other words are parted at their signs: `simple-user` has no name of its own."""
    assert type_case(("OAuthToken", "simple-user")) == "OAuthTokenSimpleUser"
    assert type_case(("list_accounts", "request")) == "ListAccountsRequest"
