"""Objects whose JSON arrives in pieces: the functions that find their parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.streams import FieldStep
from headgate.plan.rust import access, layout
from headgate.plan.rust.names import claim_constant, claim_snake
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import LiteralString

    from headgate.ir.streams import Assembly, EventCase, Moment, Path
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.folds import FoldWriter
    from headgate.plan.rust.imports import Imports


@dataclass(frozen=True, slots=True)
class FunctionPage:
    """A function: its name, its head and its statements."""

    name: Code
    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AssemblyPage:
    """How objects are put together, and the method that gives them."""

    docs: Code
    signature: Code
    constant: Code
    declaration: Code
    begin_key: FunctionPage
    begin_value: FunctionPage
    piece_key: FunctionPage
    piece_text: FunctionPage
    end_key: FunctionPage
    put: FunctionPage
    discarded_by: Code


@dataclass(slots=True)
class AssemblyWriter:
    """Compiles the assemblies of one stream."""

    stream: str
    kind: Code
    definitions: Definitions
    imports: Imports
    writer: FoldWriter
    cases: Mapping[str, EventCase]
    functions: Scope
    constants: Scope
    methods: Scope

    def page(self, assembly: Assembly) -> AssemblyPage:
        """Compile one assembly."""
        name = f"{self.stream}_{assembly.name}"
        types = self.definitions.types
        object_ = types.write_name(assembly.object, self.imports, TYPES)
        key = self._key(assembly.begin)
        for part in (fixed("Assembled"), fixed("Assembly")):
            self.imports.use_code(fixed("crate::runtime::assembly"), part)
        constant = claim_constant(self.constants, (name,), "ASSEMBLY")
        method = claim_snake(self.methods, f"{assembly.name}_calls", "calls")
        head, begin = assembled("pub fn {}", method), assembly.begin
        result = assembled(" -> Assembled<'_, {}, {}, {}> {{", self.kind, key, object_)
        texts = [rust.string(event) for event in assembly.discarded_by]
        return AssemblyPage(
            docs=rust.doc(
                f"Gives each `{assembly.name}` call once it is complete.",
                4,
            ),
            signature=layout.signature(4, head, (fixed("&mut self"),), result),
            constant=constant,
            declaration=_declaration(constant, self.kind, key, object_),
            begin_key=self._pick(name, "begin_key", begin, begin.key, key),
            begin_value=self._pick(name, "begin", begin, begin.value, object_),
            piece_key=self._pick(
                name, "piece_key", assembly.text, assembly.text.key, key
            ),
            piece_text=self._pick(
                name, "piece", assembly.text, assembly.text.value, fixed("str")
            ),
            end_key=self._pick(name, "end_key", assembly.end, assembly.end.key, key),
            put=self._put(name, assembly, object_),
            discarded_by=layout.short_list(
                4, fixed("discarded_by: &"), texts, fixed(",")
            ),
        )

    def _key(self, moment: Moment) -> Code:
        last = next(s for s in reversed(moment.key) if isinstance(s, FieldStep))
        member = self.definitions.member(last.owner, last.name)
        return self.definitions.types.write(member.type, self.imports, TYPES)

    def _pick(
        self, name: str, part: LiteralString, moment: Moment, path: Path, type_: Code
    ) -> FunctionPage:
        function = claim_snake(self.functions, f"{name}_{part}", "pick")
        parameter = assembled("event: &{}", self.writer.event)
        tail = assembled(" -> Option<&{}> {{", type_)
        is_text = type_.text == "str"
        return FunctionPage(
            name=function,
            signature=layout.signature(
                0, assembled("fn {}", function), (parameter,), tail
            ),
            statements=self.writer.extract(
                self.cases[moment.event], path, text=is_text
            ),
        )

    def _put(self, name: str, assembly: Assembly, object_: Code) -> FunctionPage:
        function = claim_snake(self.functions, f"{name}_put", "put")
        member = self.definitions.member(assembly.object, assembly.into.name)
        parameters = (assembled("object: &mut {}", object_), fixed("text: &str"))
        value = fixed("serde_json::from_str(text)?")
        if member.boxed:
            value = assembled("Box::new({})", value)
        value = access.given(value, access.depth(member))
        return FunctionPage(
            name=function,
            signature=layout.signature(
                0,
                assembled("fn {}", function),
                parameters,
                fixed(" -> Result<(), serde_json::Error> {"),
            ),
            statements=(
                assembled("    object.{} = {};", member.name, value),
                fixed("    Ok(())"),
            ),
        )


def _declaration(constant: Code, kind: Code, key: Code, object_: Code) -> Code:
    line = assembled(
        "static {}: Assembly<{}, {}, {}> = Assembly {{", constant, kind, key, object_
    )
    if len(line) <= layout.WIDTH:
        return line
    return assembled(
        "static {}: Assembly<\n    {},\n    {},\n    {},\n> = Assembly {{",
        constant,
        kind,
        key,
        object_,
    )
