"""Files of Rust's types, divided where they would be too long to read."""

from __future__ import annotations

from headgate.errors import Location
from headgate.ir.types import (
    Alias,
    Definition,
    Direction,
    Docs,
    Field,
    Scalar,
    Struct,
    TypeId,
)
from headgate.plan.rust.topics import topics

HERE = Location("spec.yaml", 1, 1, "")


def struct(name: str, fields: int) -> Struct:
    """A type of this name with so many fields."""
    return Struct(
        id=TypeId(name),
        words=tuple(name.split()),
        fields=tuple(
            Field(
                f"f{number}",
                Scalar("string"),
                required=False,
                docs=Docs(),
                location=HERE,
            )
            for number in range(fields)
        ),
        extra=None,
        docs=Docs(),
        direction=Direction(received=True),
        location=HERE,
    )


def names(definitions: list[Definition]) -> dict[str, list[str]]:
    """The names of the types by topic."""
    return {topic: [e.id for e in each] for topic, each in topics(definitions).items()}


def test_a_short_document_is_divided_by_first_words() -> None:
    """What begins with the same word is in one file."""
    found = names([struct("card", 1), struct("card holder", 1), struct("pot", 1)])

    assert found == {"card": ["card", "card holder"], "pot": ["pot"]}


def test_a_long_file_is_divided_by_a_word_more() -> None:
    """Few types stay with the first word, so that no file holds but one or two."""
    cards = [struct(f"issuing card {number}", 200) for number in "abc"]
    others = [struct("issuing", 1), struct("issuing dispute", 200)]

    found = names([*cards, *others])

    assert found == {
        "issuing_card": [each.id for each in cards],
        "issuing": ["issuing", "issuing dispute"],
    }


def test_documents_of_several_files_are_divided_as_they_are() -> None:
    """The document's own files name the topics."""
    elsewhere = Alias(
        TypeId("id"),
        ("id",),
        Scalar("string"),
        Docs(),
        Direction(),
        Location("schemas/ids.yaml", 1, 1, ""),
    )

    found = names([struct("card", 1), elsewhere])

    assert found == {"spec": ["card"], "ids": ["id"]}
