"""Every Rust name, decided once per scope before any text exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.names import Scope, apart, pascal, snake, spelled, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.encoding.code import Code
    from headgate.ir.types import Definition, TypeId

LONGEST: Final = 60
"""Longer names would not fit a line in every place where they stand."""

_PLACEHOLDERS: Final = frozenset({"foo", "baz", "quux"})
"""Names that clippy refuses to a variable (`disallowed_names`)."""

PRELUDE: Final = frozenset(
    """
    String Vec Option Some None Ok Err Result Box Default Clone Debug PartialEq Eq Hash
    From Into Iterator Send Sync Sized Drop Fn FnMut FnOnce Self
    """.split()
)
"""Names that every file has."""
TYPE_WORDS: Final = PRELUDE | frozenset(
    "Serialize Deserialize Deserializer MapAccess BTreeMap Map Value Fields Tagged"
    " Choice".split()
)
"""Names that the files of types use for their own purposes."""
RESOURCE_WORDS: Final = PRELUDE | frozenset(
    """
    Advisory Arc BTreeMap Binary Bytes Call Client ClientBuilder Config Core
    Deserialize Duration Error ErrorShape Idempotency Interceptor Json Limits
    LogLevel LogRecord Map MayWait Maybe Multipart NamedHeaders New Nothing
    Operation Paged Passed Passing PathStyle Place RefreshToken Refusal Reply
    Request RetryPolicy Scheme Serialize Server ServerVariable Service Stored
    Streaming Style Text Throttle Timeouts Value Waiting Walk WithStats
    """.split()
)
"""Names that the files of resources and of the client use for their own purposes."""


def scope(*reserved: str) -> Scope:
    """Make a scope that keeps clear of what has no raw form."""
    return Scope(reserved=rust.UNUSABLE | _PLACEHOLDERS | frozenset(reserved))


def type_scope() -> Scope:
    """Make a scope for types, clear of the names that generated files use."""
    return Scope(reserved=TYPE_WORDS)


def variant_scope() -> Scope:
    """Make a scope for the variants of an enum."""
    return Scope(reserved=frozenset({"Self"}))


def module_scope(*reserved: str) -> Scope:
    """Make a scope for modules, whose names are also file names."""
    words = rust.KEYWORDS | rust.UNUSABLE | {"mod", "lib", "main"}
    return Scope(reserved=words | frozenset(reserved), fold_case=True)


def claim_snake(names: Scope, text: str, fallback: str) -> Code:
    """Claim a name in lower case."""
    return claim_joined(names, snake(split_words(text)), fallback)


def claim_joined(names: Scope, text: str, fallback: str) -> Code:
    """Claim a name whose words are already joined."""
    name = text[:LONGEST].rstrip("_") or fallback
    if name in names.reserved:
        name = f"{name}_{fallback}"
    return rust.identifier(names.claim(name, fallback))


def claim_pascal(names: Scope, words: Iterable[str], fallback: str) -> Code:
    """Claim a name in camel case."""
    return _claimed(names, _pascal(words), fallback)


def _claimed(names: Scope, wanted: str, fallback: str) -> Code:
    name = wanted or fallback
    if name in names.reserved or name[:1].isdigit():
        name = f"{name}{fallback}" if name in names.reserved else f"{fallback}{name}"
    return rust.identifier(names.claim(name, fallback))


def _pascal(words: Iterable[str]) -> str:
    return spelled(pascal(split_words(" ".join(words))))[:LONGEST]


def claim_constant(names: Scope, words: Iterable[str], fallback: str) -> Code:
    """Claim a name in upper case, short enough for its declaration to fit."""
    text = snake(split_words(" ".join(words)))[: LONGEST - 10].rstrip("_").upper()
    return rust.identifier(names.claim(text, fallback))


def name_definitions(definitions: Iterable[Definition]) -> dict[TypeId, Code]:
    """Name every definition, those last whose own name is the files'."""
    names = type_scope()
    wanted = {each.id: _pascal(each.words) for each in definitions}
    named = apart(wanted, names.reserved)
    return {id_: _claimed(names, name, "Type") for id_, name in named.items()}
