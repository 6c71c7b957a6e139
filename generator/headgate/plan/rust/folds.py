"""Folds compiled into Rust: plain member access that stops where nothing fits.

Every rule of a fold becomes a method that returns `Option<()>`: whatever is not
there (an index, an optional field, another variant) ends it with `None`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.streams import (
    AppendJson,
    AppendText,
    FieldStep,
    FoldAction,
    IndexStep,
    MergeFields,
    NarrowStep,
    SetValue,
)
from headgate.ir.types import Json, Ref, Struct
from headgate.plan.rust import access, layout
from headgate.plan.rust.names import claim_snake, scope
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.ir.streams import EventCase, Fold, FoldRule, Guard, Path, Step
    from headgate.ir.types import TypeExpr, Union
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.members import Member

_FOLD: Final = "crate::runtime::fold"
_VALUE: Final = fixed("value")
_TARGET: Final = fixed("target")


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule: its method's head and what it does."""

    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PiecesPage:
    """A place whose JSON arrives in pieces: where they are kept, who puts them."""

    store: Code
    putter: Code
    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """The rules of one event."""

    pattern: Code
    calls: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class FoldPage:
    """What builds the final object of a stream."""

    name: Code
    event: Code
    output: Code
    pieces: tuple[PiecesPage, ...]
    lone: EventPage | None
    events: tuple[EventPage, ...]
    rules: tuple[RulePage, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A place in code: an expression, and in how many options its value is."""

    place: Code
    type: TypeExpr | None = None
    layers: int = 0
    boxed: bool = False
    borrowed: bool = False

    @property
    def absent(self) -> bool:
        """Whether there may be no value."""
        return self.layers > 0


@dataclass(slots=True)
class FoldWriter:
    """Compiles folds and extractors of one stream."""

    definitions: Definitions
    imports: Imports
    union: Union
    event: Code
    _methods: Scope = field(default_factory=lambda: scope("push", "finish"))
    _pieces: list[PiecesPage] = field(default_factory=list[PiecesPage])
    _statements: list[Code] = field(default_factory=list[Code])

    def page(self, fold: Fold, name: Code, cases: Mapping[str, EventCase]) -> FoldPage:
        """Compile a fold."""
        events: dict[str, list[Code]] = {}
        rules: list[RulePage] = []
        for rule in fold.rules:
            method = self._rule_name(rule)
            rules.append(self._rule(rule, method, cases[rule.event]))
            call = assembled("self.{}(event);", method)
            events.setdefault(rule.event, []).append(call)
        pages = tuple(
            EventPage(self._pattern(cases[event]), tuple(calls))
            for event, calls in events.items()
        )
        return FoldPage(
            name=name,
            event=self.event,
            output=self.definitions.types.write(fold.into, self.imports, TYPES),
            pieces=tuple(self._pieces),
            lone=pages[0] if len(pages) == 1 else None,
            events=pages,
            rules=tuple(rules),
        )

    def extract(
        self, case: EventCase, path: Path, *, text: bool = True
    ) -> tuple[Code, ...]:
        """Compile the body that finds a text, or another value, in an event."""
        self._statements = []
        arm = self.definitions.arm(self.union.id, case.type.id)
        event = fixed("event")
        self._match(4, event, event, arms=((self.event, arm.name),), members=None)
        found = self._source(path, 4)
        if found.absent:
            way = access.pointed if text or found.boxed else access.borrowed
            self._add(4, way(found.place, found.layers))
        elif found.borrowed:
            self._add(4, assembled("Some({})", found.place))
        else:
            self._add(4, assembled("Some(&{})", found.place))
        return tuple(self._statements)

    def _pattern(self, case: EventCase) -> Code:
        arm = self.definitions.arm(self.union.id, case.type.id)
        return assembled("{}::{}(event)", self.event, arm.name)

    def _rule_name(self, rule: FoldRule) -> Code:
        text = rule.event if rule.guard is None else f"{rule.event} {rule.guard.value}"
        return claim_snake(self._methods, f"on {text}", "rule")

    def _rule(self, rule: FoldRule, method: Code, case: EventCase) -> RulePage:
        self._statements = []
        if rule.guard is not None:
            self._guard(rule.guard)
        for action in rule.actions:
            self._action(action)
        self._add(8, fixed("Some(())"))
        type_ = self.definitions.types.write(case.type, self.imports, TYPES)
        parameters = (fixed("&mut self"), assembled("event: &{}", type_))
        head, tail = assembled("fn {}", method), fixed(" -> Option<()> {")
        signature = layout.signature(4, head, parameters, tail)
        return RulePage(signature, tuple(self._statements))

    def _guard(self, guard: Guard) -> None:
        """Stop unless the guard holds; a narrowing source does so by itself."""
        if guard.narrow is not None:
            return
        found = self._source(guard.path, 8)
        wanted = rust.string(guard.value)
        struct = guard.path[-1] if guard.path else None
        if not isinstance(struct, FieldStep) or not isinstance(struct.type, Ref):
            return
        tag = self.definitions.member(struct.type.id, guard.name)
        text = assembled("if {}.{} != {} {{", found.place, tag.name, wanted)
        self._add(8, text)
        self._add(12, fixed("return None;"))
        self._add(8, fixed("}"))

    def _action(self, action: FoldAction) -> None:
        match action:
            case SetValue(target=(), source=source):
                found = self._source(source, 8)
                value = self._as(self._owned(found), found.layers, 1)
                self._add(8, assembled("self.value = {};", value))
            case SetValue(target=target, source=source):
                self._set(target, source)
            case MergeFields():
                self._merge(action)
            case AppendText(target=target, source=source):
                self._append_text(target, source)
            case AppendJson(target=target, source=source):
                self._append_json(target, source)
            case _:
                assert_never(action)

    def _set(self, target: Path, source: Path) -> None:
        found = self._source(source, 8)
        last = target[-1]
        if isinstance(last, IndexStep):
            self._index(last)
            place = self._target(target[:-1])
            self.imports.use(_FOLD, "put")
            arguments = (_reference(place), fixed("index"), self._owned(found))
            self._statements.append(layout.call(8, fixed("put"), arguments, fixed(";")))
            return
        place, member = self._target_field(target)
        self._assign(_written(place), member, found)

    def _assign(self, place: Code, member: Member, found: Found) -> None:
        value = self._as(self._owned(found), found.layers, access.depth(member))
        if member.boxed and not found.boxed and not found.absent:
            value = assembled("Box::new({})", value)
        line = assembled("{} = {};", place, value)
        self._add(8, line)

    def _merge(self, action: MergeFields) -> None:
        source = self._source(action.source, 8)
        self._bind(8, _VALUE, source)
        target = self._target(action.target)
        if not target.borrowed:
            self._add(8, assembled("let target = &mut {};", target.place))
        for each in action.fields:
            read = self._member(each.source)
            write = self._member(each.target)
            left = assembled("target.{}", write.name)
            place = assembled("value.{}", read.name)
            layers = access.depth(read)
            right = self._owned(Found(place, read.type, layers, read.boxed))
            right = self._as(right, layers, access.depth(write))
            if read.optional:
                self._add(8, assembled("if {}.is_some() {{", place))
                self._add(12, assembled("{} = {};", left, right))
                self._add(8, fixed("}"))
            else:
                self._add(8, assembled("{} = {};", left, right))
        self._merge_extra(action)

    def _merge_extra(self, action: MergeFields) -> None:
        """Take over properties that neither side knows, where both keep them."""
        owners = {each.source.owner for each in action.fields}
        owners |= {each.target.owner for each in action.fields}
        structs = [self.definitions.types.definitions[owner] for owner in owners]
        if all(isinstance(s, Struct) and isinstance(s.extra, Json) for s in structs):
            self._add(8, fixed("target.extra.extend(value.extra.clone());"))

    def _append_text(self, target: Path, source: Path) -> None:
        found = self._source(source, 8)
        place, member = self._target_field(target)
        argument = found.place if found.borrowed else assembled("&{}", found.place)
        head, arguments = assembled("{}.push_str", place.place), [argument]
        if layers := access.depth(member):
            self.imports.use(_FOLD, "append")
            target_place = _reference(place)
            if layers > 1:
                target_place = assembled("{}.get_or_insert_default()", place.place)
            head, arguments = fixed("append"), [target_place, argument]
        self._statements.append(layout.call(8, head, arguments, fixed(";")))

    def _append_json(self, target: Path, source: Path) -> None:
        found = self._source(source, 8)
        indexes = [step for step in target if isinstance(step, IndexStep)]
        for step in indexes:
            self._index(step)
        self.imports.use(_FOLD, "JsonPieces")
        last = next(step for step in reversed(target) if isinstance(step, FieldStep))
        store = claim_snake(self._methods, f"{last.name} pieces", "pieces")
        keys = fixed("vec![index]") if indexes else fixed("Vec::new()")
        argument = found.place if found.borrowed else assembled("&{}", found.place)
        head = assembled("self.{}.push", store)
        self._statements.append(layout.call(8, head, (keys, argument), fixed(";")))
        self._pieces.append(self._putter(store, target, last, indexed=bool(indexes)))

    def _putter(
        self, store: Code, target: Path, last: FieldStep, *, indexed: bool
    ) -> PiecesPage:
        kept, self._statements = self._statements, []
        if indexed:
            self._add(8, fixed("let index = *place.first()?;"))
        place, member = self._target_field(target)
        value = access.given(_VALUE, access.depth(member))
        self._add(8, assembled("{} = {};", _written(place), value))
        self._add(8, fixed("Some(())"))
        statements, self._statements = self._statements, kept
        putter = claim_snake(self._methods, f"put {last.name}", "put")
        type_ = self.definitions.types.write(member.type, self.imports, TYPES)
        used = fixed("place: &[usize]") if indexed else fixed("_place: &[usize]")
        parameters = (fixed("&mut self"), used, assembled("value: {}", type_))
        head, tail = assembled("fn {}", putter), fixed(" -> Option<()> {")
        signature = layout.signature(4, head, parameters, tail)
        return PiecesPage(store, putter, signature, tuple(statements))

    def _source(self, path: Path, indent: int) -> Found:
        """Compile the way from the event to a value."""
        found = Found(fixed("event"), borrowed=True)
        steps = list(path)
        while steps:
            step = steps.pop(0)
            match step:
                case FieldStep():
                    if found.absent:
                        self._bind(indent, _VALUE, found)
                        found = Found(_VALUE, borrowed=True)
                    member = self._member(step)
                    place = assembled("{}.{}", found.place, member.name)
                    layers = access.depth(member)
                    found = Found(place, member.type, layers, member.boxed)
                case NarrowStep():
                    follower = steps.pop(0) if steps else None
                    found = self._narrow(indent, found, step, follower, _VALUE)
                case IndexStep():
                    raise ValueError("a source has no index")
                case _:
                    assert_never(step)
        return found

    def _narrow(
        self,
        indent: int,
        found: Found,
        step: NarrowStep,
        follower: Step | None,
        name: Code,
    ) -> Found:
        """Go on with the variants' common field, or with the one variant."""
        if found.absent:
            self._bind(indent, name, found)
            found = Found(name, boxed=found.boxed, borrowed=True)
        types = self.definitions.types
        union = types.write_name(step.union, self.imports, TYPES)
        variants = [
            self.definitions.arm(step.union, each).name for each in step.variants
        ]
        members: list[Member] | None = None
        if isinstance(follower, FieldStep):
            members = [
                self.definitions.member(each, follower.name) for each in step.variants
            ]
        scrutinee = self._borrow(found, mutable=name is _TARGET)
        arms = tuple((union, variant) for variant in variants)
        self._match(indent, scrutinee, name, arms=arms, members=members)
        if members is None:
            return Found(name, borrowed=True)
        first = members[0]
        layers = access.depth(first)
        return Found(name, first.type, layers, first.boxed, borrowed=True)

    def _match(
        self,
        indent: int,
        scrutinee: Code,
        name: Code,
        *,
        arms: Sequence[tuple[Code, Code]],
        members: list[Member] | None,
    ) -> None:
        self._add(indent, assembled("let {} = match {} {{", name, scrutinee))
        for position, (union, variant) in enumerate(arms):
            pattern = assembled("{}::{}({})", union, variant, name)
            body = name
            if members is not None:
                mutable = fixed("mut ") if name is _TARGET else layout.EMPTY
                body = assembled("&{}{}.{}", mutable, name, members[position].name)
            self._statements.append(layout.arm(indent + 4, pattern, body))
        self._add(indent + 4, fixed("_ => return None,"))
        self._add(indent, fixed("};"))

    def _borrow(self, found: Found, *, mutable: bool) -> Code:
        if found.boxed:
            star = fixed("**") if found.borrowed else fixed("*")
            keyword = fixed("&mut ") if mutable else fixed("&")
            return assembled("{}{}{}", keyword, star, found.place)
        if found.borrowed:
            return found.place
        keyword = fixed("&mut ") if mutable else fixed("&")
        return assembled("{}{}", keyword, found.place)

    def _target(self, path: Path) -> Found:
        """Compile the way to a place of the folded object."""
        self._add(8, fixed("let target = self.value.as_mut()?;"))
        found = Found(_TARGET, borrowed=True)
        steps = list(path)
        while steps:
            step = steps.pop(0)
            if found.absent:
                place = access.mutable(found.place, found.layers)
                self._add(8, assembled("let target = {}?;", place))
                found = Found(_TARGET, boxed=found.boxed, borrowed=True)
            match step:
                case FieldStep():
                    member = self._member(step)
                    place = assembled("{}.{}", found.place, member.name)
                    layers = access.depth(member)
                    found = Found(place, member.type, layers, member.boxed)
                case IndexStep():
                    line = assembled("let target = {}.get_mut(index)?;", found.place)
                    self._add(8, line)
                    found = Found(_TARGET, borrowed=True)
                case NarrowStep():
                    follower = steps.pop(0) if steps else None
                    found = self._narrow(8, found, step, follower, _TARGET)
                case _:
                    assert_never(step)
        return found

    def _target_field(self, path: Path) -> tuple[Found, Member]:
        """Compile the way to a field that is to be written."""
        last = path[-1]
        assert isinstance(last, FieldStep)
        for step in path:
            if isinstance(step, IndexStep) and not self._has_index():
                self._index(step)
        return self._target(path), self._member(last)

    def _has_index(self) -> bool:
        return any(
            line.text.startswith("        let index =") for line in self._statements
        )

    def _index(self, step: IndexStep) -> None:
        found = self._source(step.by, 8)
        self.imports.use(_FOLD, "to_index")
        inner = found.place
        if found.absent:
            inner = assembled("{}?", access.flat(inner, found.layers))
        self._add(8, assembled("let index = to_index({})?;", inner))

    def _bind(self, indent: int, name: Code, found: Found) -> None:
        if found.absent:
            place = access.borrowed(found.place, found.layers)
            self._add(indent, assembled("let {} = {}?;", name, place))
        elif found.borrowed:
            if found.place != name:
                self._add(indent, assembled("let {} = {};", name, found.place))
        else:
            self._add(indent, assembled("let {} = &{};", name, found.place))

    def _owned(self, found: Found) -> Code:
        """Copy or clone what was found."""
        if found.type is None or not self.definitions.types.is_copy(found.type):
            return assembled("{}.clone()", found.place)
        return assembled("*{}", found.place) if found.borrowed else found.place

    def _as(self, value: Code, layers: int, wanted: int) -> Code:
        """Write a value of some options as one of as many as are wanted."""
        if layers > wanted:
            value = access.flat(value, layers)
            return value if wanted else assembled("{}?", value)
        if layers == 1 and wanted > 1:
            return assembled("{}.map(Some)", value)
        return access.given(value, wanted - layers)

    def _member(self, step: FieldStep) -> Member:
        return self.definitions.member(step.owner, step.name)

    def _add(self, indent: int, line: Code) -> None:
        self._statements.append(layout.indented(indent, line))


def _reference(found: Found) -> Code:
    """Write a mutable reference to a place."""
    return found.place if found.borrowed else assembled("&mut {}", found.place)


def _written(found: Found) -> Code:
    """Write a place that is assigned to."""
    return assembled("*{}", found.place) if found.borrowed else found.place
