"""Bodies that are put together step by step, beside the operation that sends them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import ListOf, Ref, Struct, Union
from headgate.names import snake, split_words
from headgate.plan.rust import access, layout
from headgate.plan.rust.docs import described, field_docs
from headgate.plan.rust.members import is_parameter
from headgate.plan.rust.names import claim_snake, scope
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from headgate.ir.surface import Builder, Turn
    from headgate.ir.types import TypeId
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.members import Member
    from headgate.plan.rust.reference import CallNames


@dataclass(frozen=True, slots=True)
class StepPage:
    """A method that adds something to the body."""

    docs: Code
    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class SendPage:
    """A method that sends the body."""

    docs: Code
    signature: Code
    call: Code


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """What puts a body together, and the method that begins it."""

    docs: Code
    signature: Code
    made: Code
    about: Code
    name: Code
    resource: Code
    body: Code
    steps: tuple[StepPage, ...]
    change: Code
    sends: tuple[SendPage, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that sends the body: what it is named, its method, what it gives."""

    name: str
    method: Code
    reply: Code


@dataclass(frozen=True, slots=True)
class BuilderWriter:
    """Plans the builders of one resource."""

    definitions: Definitions
    imports: Imports
    resource: Code
    called: CallNames

    def page(
        self, builder: Builder, method: Code, name: Code, sent: tuple[Sent, ...]
    ) -> BuilderPage:
        """Plan one builder."""
        struct = self._struct(builder.body)
        body = self.definitions.types.write_name(builder.body, self.imports, TYPES)
        members = [m for m in self.definitions.members(struct) if is_parameter(m)]
        parameters = [fixed("&self")]
        values: list[Code] = []
        for member in members:
            if member.field.name == builder.items:
                values.append(fixed("Vec::new()"))
                continue
            type_, _ = self.definitions.passed(member, member.name, self.imports, TYPES)
            parameters.append(layout.parameter(member.name, type_))
            values.append(member.name)
        taken = scope("new", "request", "with", *(each.name for each in sent))
        names = {
            each.name: claim_snake(taken, each.name, "turn") for each in builder.turns
        }
        self.called.builders[builder.name] = (method, names)
        steps = [self._turn(each, builder, names[each.name]) for each in builder.turns]
        steps.append(self._items(builder, struct, taken))
        steps += self._setters(builder, struct, taken)
        said = described(builder.docs, "Puts a body together step by step")
        head, tail = assembled("pub fn {}", method), assembled(" -> {} {{", name)
        return BuilderPage(
            docs=rust.doc(said, 4),
            signature=layout.signature(4, head, parameters, tail),
            made=layout.call(
                8, assembled("let body = {}::new", body), values, fixed(";")
            ),
            about=rust.doc("A body that is put together step by step, then sent."),
            name=name,
            resource=self.resource,
            body=body,
            steps=tuple(steps),
            change=layout.signature(
                4,
                fixed("pub fn with"),
                (
                    fixed("mut self"),
                    assembled("change: impl FnOnce({}) -> {}", body, body),
                ),
                fixed(" -> Self {"),
            ),
            sends=tuple(map(_send, sent)),
        )

    def _turn(self, turn: Turn, builder: Builder, method: Code) -> StepPage:
        struct = self._struct(turn.type)
        members = self.definitions.members(struct)
        given = [m for m in members if m.field.name in turn.arguments]
        parameters = [fixed("mut self")]
        values: dict[str, Code] = {}
        for member in given:
            bare = replace(member, nullable=False, optional=False)
            type_, value = self.definitions.passed(
                bare, member.name, self.imports, TYPES
            )
            parameters.append(layout.parameter(member.name, type_))
            values[member.field.name] = value
        arguments = [self._argument(m, values) for m in members if is_parameter(m)]
        name = self.definitions.types.write_name(turn.type, self.imports, TYPES)
        later = [member for member in given if not is_parameter(member)]
        keyword = fixed("let mut turn") if later else fixed("let turn")
        made = assembled("{} = {}::new", keyword, name)
        statements = [layout.call(8, made, arguments, fixed(";"))]
        for member in later:
            value = access.given(values[member.field.name], access.depth(member))
            statements.append(assembled("        turn.{} = {};", member.name, value))
        statements += self._push(turn, builder)
        head = assembled("pub fn {}", method)
        said = described(turn.docs, f"Adds a turn of `{turn.name}`")
        return StepPage(
            docs=rust.doc(said, 4),
            signature=layout.signature(4, head, parameters, fixed(" -> Self {")),
            statements=tuple(statements),
        )

    def _argument(self, member: Member, values: dict[str, Code]) -> Code:
        """Give what `new` takes: what is converted there is passed as it is."""
        value = values.get(member.field.name, fixed("Default::default()"))
        if member.nullable:
            return assembled("Some({})", value)
        return member.name if member.field.name in values else value

    def _push(self, turn: Turn, builder: Builder) -> list[Code]:
        items = self.definitions.member(builder.body, builder.items)
        statements: list[Code] = []
        item = items.type.item if isinstance(items.type, ListOf) else items.type
        plain = self.definitions.types.resolve(item)
        if isinstance(plain, Ref) and plain.id != turn.type:
            definition = self.definitions.types.definitions[plain.id]
            if isinstance(definition, Union):
                arm = self.definitions.arm(plain.id, turn.type)
                union = self.definitions.types.write_name(plain.id, self.imports, TYPES)
                value = fixed("Box::new(turn)") if arm.boxed else fixed("turn")
                head = assembled("let turn = {}::{}", union, arm.name)
                statements.append(layout.call(8, head, (value,), fixed(";")))
        head = assembled("{}.push", _list_of(items))
        return [*statements, layout.call(8, head, (fixed("turn"),), fixed(";"))]

    def _items(self, builder: Builder, struct: Struct, taken: Scope) -> StepPage:
        member = self.definitions.member(struct.id, builder.items)
        assert isinstance(member.type, ListOf)
        item = self.definitions.types.write(member.type.item, self.imports, TYPES)
        method = claim_snake(taken, builder.items, "items")
        parameter = assembled("items: impl IntoIterator<Item = {}>", item)
        head = assembled("pub fn {}", method)
        parameters = (fixed("mut self"), parameter)
        call = assembled("{}.extend", _list_of(member))
        return StepPage(
            docs=rust.doc(f"Adds several to `{builder.items}`.", 4),
            signature=layout.signature(4, head, parameters, fixed(" -> Self {")),
            statements=(layout.call(8, call, (fixed("items"),), fixed(";")),),
        )

    def _setters(
        self, builder: Builder, struct: Struct, taken: Scope
    ) -> list[StepPage]:
        pages: list[StepPage] = []
        turns = {snake(split_words(turn.name)) for turn in builder.turns}
        own = {builder.items, *builder.given, *turns}
        for name, setter in self.definitions.setter_names(struct).items():
            if name in own:
                continue
            member = self.definitions.member(struct.id, name)
            type_, _ = self.definitions.passed(
                member, fixed("value"), self.imports, TYPES
            )
            value = fixed("value")
            if member.nullable:
                type_, value = assembled("impl Into<{}>", type_), fixed("value.into()")
            head = assembled("pub fn {}", claim_snake(taken, name, "property"))
            parameters = (
                fixed("mut self"),
                layout.parameter(fixed("value"), type_),
            )
            call = assembled("self.body = self.body.{}", setter)
            pages.append(
                StepPage(
                    docs=field_docs(member.field),
                    signature=layout.signature(
                        4, head, parameters, fixed(" -> Self {")
                    ),
                    statements=(layout.call(8, call, (value,), fixed(";")),),
                )
            )
        return pages

    def _struct(self, id_: TypeId) -> Struct:
        definition = self.definitions.types.definitions[id_]
        assert isinstance(definition, Struct)
        return definition


def _list_of(member: Member) -> Code:
    place = assembled("self.body.{}", member.name)
    for _ in range(access.depth(member)):
        place = assembled("{}.get_or_insert_default()", place)
    return place


def _send(sent: Sent) -> SendPage:
    heads = {
        "execute": fixed("pub fn execute"),
        "execute_with_stats": fixed("pub fn execute_with_stats"),
        "stream": fixed("pub fn stream"),
    }
    endings = {"execute_with_stats": fixed(".with_stats()")}
    texts = {
        "execute": "Sends the body.",
        "execute_with_stats": "Sends the body, and says what the call took.",
        "stream": "Sends the body, and asks for a stream of events.",
    }
    ending = endings.get(sent.name, fixed(""))
    tail = assembled(" -> Call<{}> {{", sent.reply)
    return SendPage(
        docs=rust.doc(texts[sent.name], 4),
        signature=layout.signature(4, heads[sent.name], (fixed("self"),), tail),
        call=assembled("self.resource.{}(self.body){}", sent.method, ending),
    )
