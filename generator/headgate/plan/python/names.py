"""Names of a Python package: classes, modules, attributes, each once in its scope."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from headgate.ir.types import Alias, Struct, Union
from headgate.names import Scope, apart, snake, split_words, type_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from headgate.ir.types import Definition, TypeId

LONGEST = 64
"""Beyond this a name is cut, so that lines can be laid out."""

KEYWORDS = frozenset({*keyword.kwlist, *keyword.softkwlist} - {"type", "_"})
SHADOWED = frozenset(
    """bool bytes cached_property date datetime dict float int overload str
    tuple""".split()
)
"""What a class's annotations and decorators name: no method may hide it."""
TYPING = frozenset(
    """Annotated Any AsyncIterator Field Iterator JsonText Literal Mapping NotRequired
    Sequence Tagged TypeAlias TypeAliasType TypedDict Union Unknown Unpack
    Untagged""".split()
)
PUBLIC = frozenset(
    """APIConnectionError APIError APITimeoutError AiohttpTransport AnyRequestOptions
    ApiModel
    AsyncPage AsyncPages Attempt CallStats CancelToken ConfigurationError
    DeclaredHeaders
    HttpResponse
    Interceptor Page PartialJson RawAnswer RefreshToken RefreshedTokens
    RequestCancelledError RequestOptions
    ResponseDecodeError RetryPolicy SDKError StreamClosedError
    StreamForeignError StreamGapError StreamLimitError StreamLimits
    StreamTruncatedError Throttle TimeoutOptions Tracing WebhookEvent
    WaitingRequestOptions WebhookVerificationError""".split()
)
RUNTIME = frozenset(
    """Assembly AsyncEventStream AsyncFoldedStream AsyncResource Callable CursorShape
    EventCallbacks EventStream FileInput FoldedStream Folding LastItemShape LinkShape
    NumberShape OffsetShape Resume Self StreamSession StreamShape SumRule Summing
    SyncResource""".split()
)
"""What modules that name types import of the runtime and the standard library."""
MODEL_ATTRIBUTES = frozenset(
    """construct copy dict from_orm http_response json model_computed_fields
    model_config model_construct model_copy model_dump model_dump_json model_extra
    model_fields model_fields_set model_json_schema model_parametrized_name
    model_post_init model_rebuild model_validate model_validate_json
    model_validate_strings parse_file parse_obj parse_raw schema schema_json to_dict
    update_forward_refs validate""".split()
)


def attribute(text: str) -> str:
    """Give the snake case form of any text, cut to what can be laid out."""
    return cut(snake(split_words(text)))


def class_name(words: Sequence[str]) -> str:
    """Join words as `CamelCase`, cut to leave room for `Param`."""
    return type_case(words)[: LONGEST - 4]


def cut(name: str) -> str:
    """Give the beginning of a name that can be laid out."""
    return name if len(name) <= LONGEST else name[:LONGEST].rstrip("_")


class TypeNames:
    """The classes of a package's types and the modules that hold them.

    A struct or union that is both sent and received has two forms: a model, and a
    typed dict whose name ends in `Param` (`Input`, where the document has that name).
    """

    def __init__(
        self,
        definitions: Mapping[TypeId, Definition],
        modules: Mapping[TypeId, str],
        taken: Iterable[str],
    ) -> None:
        ours = frozenset({*KEYWORDS, *TYPING, *PUBLIC, *RUNTIME, *taken})
        scope = Scope(ours)
        self.received: dict[TypeId, str] = {}
        self.sent: dict[TypeId, str] = {}
        self.modules = modules
        wanted = {each.id: class_name(each.words) for each in definitions.values()}
        for id_, name in apart(wanted, ours).items():
            self.received[id_] = self.sent[id_] = scope.claim(name, "Type").text
        self._known = frozenset(self.received.values())
        for definition in definitions.values():
            self._claim_second(scope, definition)

    def _claim_second(self, scope: Scope, definition: Definition) -> None:
        if has_two_forms(definition):
            base = self.received[definition.id][: LONGEST - 9]
            is_taken = f"{base}Param" in self._known
            name = f"{base}Input" if is_taken else f"{base}Param"
            self.sent[definition.id] = scope.claim(name, "Type").text


def has_two_forms(definition: Definition) -> bool:
    """Say whether what is sent and what is received differ in type."""
    direction = definition.direction
    both = direction.sent and direction.received
    return both and isinstance(definition, Struct | Union | Alias)
