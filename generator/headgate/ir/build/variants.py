"""What the variants of a union are called that the document has no name for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    TypeId,
    Union,
)
from headgate.names import split_words

Words: TypeAlias = tuple[str, ...]
Definitions: TypeAlias = Mapping[TypeId, Definition]

KINDS: Final[dict[type[Definition], str]] = {
    Struct: "object",
    Enum: "choice",
    Union: "union",
    Alias: "value",
}

_UNTOLD: Final = "variant"


def is_untold(word: str) -> bool:
    """Whether a word is only the number of a variant."""
    return word.startswith(_UNTOLD) and word[len(_UNTOLD) :].isdecimal()


def told_variants(definitions: Definitions) -> dict[Words, str]:
    """Find words for the variants that have none: by the words that lead to them."""
    found: dict[Words, str] = {}
    for definition in definitions.values():
        if isinstance(definition, Union):
            found |= _told(definition, definitions)
    return found


def _told(union: Union, definitions: Definitions) -> dict[Words, str]:
    unnamed = _unnamed(union, definitions)
    words = {each.words: _word(each, union, unnamed, definitions) for each in unnamed}
    plain = [own for own, word in words.items() if not word]
    if len(plain) == 1 and len(unnamed) > 1:
        # The one that has nothing but what the others have too.
        words[plain[0]] = "plain"
    return {own: word for own, word in words.items() if word}


def _unnamed(union: Union, definitions: Definitions) -> list[Definition]:
    """List the variants that are called by their number alone."""
    ids = [each.type.id for each in union.variants if isinstance(each.type, Ref)]
    known = [definitions[each] for each in dict.fromkeys(ids) if each in definitions]
    return [
        each
        for each in known
        if each.words[:-1] == union.words and is_untold(each.words[-1])
    ]


def _word(
    variant: Definition,
    union: Union,
    unnamed: list[Definition],
    definitions: Definitions,
) -> str:
    """Tell a variant by its tag, by its kind, or by what only it has."""
    tags = [
        each.tag
        for each in union.variants
        if each.tag is not None and each.type == Ref(variant.id)
    ]
    if tags and len(tags) <= 2 and all(map(split_words, tags)):
        return "_or_".join(tags)
    if sum(isinstance(each, type(variant)) for each in unnamed) == 1:
        return KINDS[type(variant)]
    if not isinstance(variant, Struct):
        return ""
    others = [e for e in unnamed if isinstance(e, Struct) and e is not variant]
    return next(_distinctions(variant, others, definitions), "")


def _distinctions(
    variant: Struct, others: list[Struct], definitions: Definitions
) -> Iterator[str]:
    """Give what only one struct has, or requires, or fixes, or has of a kind."""
    known = {field.name for other in others for field in other.fields}
    own = sorted(variant.fields, key=lambda field: not field.required)
    yield from (f"with_{field.name}" for field in own if field.name not in known)
    required = {field.name for o in others for field in o.fields if field.required}
    yield from (
        f"with_{field.name}"
        for field in own
        if field.required and field.name not in required
    )
    for field in own:
        elsewhere = [
            f for other in others for f in other.fields if f.name == field.name
        ]
        yield from _of_field(field, elsewhere, definitions)


def _of_field(
    field: Field, elsewhere: list[Field], definitions: Definitions
) -> Iterator[str]:
    constant = field.type
    others = [other.type for other in elsewhere]
    if isinstance(constant, Constant) and constant not in others:
        word = str(constant.value)
        yield from [word] if split_words(word) and len(word) <= 20 else []
    kind = _kind(field.type, definitions)
    kinds = [_kind(other, definitions) for other in others]
    if kind and all(kinds) and kind not in kinds:
        yield f"with_{kind}_{field.name}"


def _kind(expression: TypeExpr, definitions: Definitions) -> str:
    """Say in a word what a type is, or what there are many of."""
    match expression:
        case ListOf(item=inner) | MapOf(value=inner) | Nullable(inner=inner):
            return _kind(inner, definitions)
        case Scalar(kind="null" | "binary"):
            return ""
        case Scalar(kind=kind):
            return kind
        case Ref(id=type_id):
            return KINDS[type(definitions[type_id])] if type_id in definitions else ""
        case _:
            return ""
