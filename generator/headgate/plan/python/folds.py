"""A stream's fold compiled into plain statements over typed events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import string
from headgate.ir.streams import (
    AppendJson,
    AppendText,
    FieldStep,
    IndexStep,
    MergeFields,
    NarrowStep,
    SetValue,
)
from headgate.ir.types import Constant, Nullable, Scalar
from headgate.plan.python.context import Context, name
from headgate.plan.python.layout import fits, margin
from headgate.plan.python.names import attribute

if TYPE_CHECKING:
    from headgate.ir.streams import (
        FoldAction,
        FoldRule,
        Guard,
        MergeField,
        Path,
        Step,
        Stream,
    )
    from headgate.ir.types import TypeId
    from headgate.plan.python.imports import Imports
    from headgate.plan.python.types import Writer

_RUNTIME = ".._runtime.folding"


@dataclass(frozen=True, slots=True)
class HandlerPage:
    """What one kind of event does: a method of the fold."""

    event: Code
    name: Code
    body: tuple[Code, ...]


@dataclass(slots=True)
class Block:
    """Statements at growing depth; a condition holds for all that follows it.

    `otherwise`: the next condition is asked only where the one before it failed.
    """

    depth: int
    lines: list[Code] = field(default_factory=list[Code])
    conditions: Code = field(default_factory=lambda: fixed(""))
    word: Code = field(default_factory=lambda: fixed("if"))
    otherwise: bool = False

    def add(self, line: Code) -> None:
        """Write a statement."""
        self.conditions = fixed("")
        self.lines.append(assembled("{}{}", fixed(margin(self.depth * 4)), line))

    def when(self, condition: Code) -> None:
        """Do what follows only if the condition holds."""
        if self.conditions and self._joined(condition):
            return
        self.word = fixed("elif" if self.otherwise else "if")
        self.otherwise = False
        self.add(assembled("{} {}:", self.word, condition))
        self.conditions = condition
        self.depth += 1

    def _joined(self, condition: Code) -> bool:
        """Add to the condition on the line before, if there is room."""
        both = assembled("{} and {}", self.conditions, condition)
        start = margin((self.depth - 1) * 4)
        line = assembled("{}{} {}:", fixed(start), self.word, both)
        if not fits(0, line):
            return False
        self.lines[-1] = line
        self.conditions = both
        return True

    def branch(self) -> Block:
        """Begin a block at this depth whose conditions end with it."""
        return Block(self.depth, self.lines, self.conditions, self.word)


class PathWriter:
    """Walks typed paths and writes the member access and the checks they need."""

    def __init__(self, context: Context, imports: Imports, writer: Writer) -> None:
        self._context = context
        self._imports = imports
        self._writer = writer

    def classes(self, ids: tuple[TypeId, ...]) -> Code:
        """Write the classes that a value may be of."""
        definitions = self._context.api.definitions
        return joined(
            " | ",
            [self._writer.named(definitions[id_], "received").text for id_ in ids],
        )

    def read(self, path: Path, start: Code, block: Block, seen: set[str]) -> Code:
        """Write the checks on the way along a path and give the value at its end.

        `seen` holds the checks that already stand around the block.
        """
        here = start
        last = len(path) - 1
        for number, step in enumerate(path):
            match step:
                case FieldStep():
                    here = assembled("{}.{}", here, self.attribute(step))
                    if number < last and may_be_none(step):
                        _once(block, assembled("{} is not None", here), seen)
                case NarrowStep():
                    _once(block, self._is_one(here, step), seen)
                case IndexStep():
                    here = self._item(here, step, start, block)
                case _:
                    assert_never(step)
        return here

    def _is_one(self, here: Code, step: NarrowStep) -> Code:
        return assembled("isinstance({}, {})", here, self.classes(step.variants))

    def _item(self, here: Code, step: IndexStep, start: Code, block: Block) -> Code:
        index = self.read(step.by, fixed("event"), block, set())
        get = self._imports.use(_RUNTIME, "item_at")
        block.add(assembled("item = {}({}, {})", get, here, index))
        return fixed("item")

    def attribute(self, step: FieldStep) -> Code:
        """Give the attribute that holds a field."""
        return name(self._context.attributes[step.owner, step.name])


def _once(block: Block, condition: Code, seen: set[str]) -> None:
    if condition.text not in seen:
        seen.add(condition.text)
        block.when(condition)


def _exclude(first: Guard | None, second: Guard | None) -> bool:
    """Say whether two guards ask one value for different variants."""
    if first is None or second is None or first.path != second.path:
        return False
    if first.narrow is None or second.narrow is None:
        return False
    is_plain = all(isinstance(step, FieldStep) for step in second.path)
    return is_plain and not set(first.narrow.variants) & set(second.narrow.variants)


def may_be_none(step: Step) -> bool:
    """Say whether a field can be absent or null."""
    if not isinstance(step, FieldStep):
        return False
    return not step.required or isinstance(step.type, Nullable)


class FoldPlan:
    """Compiles the rules of a fold, one method for each kind of event."""

    def __init__(
        self, stream: Stream, context: Context, imports: Imports, writer: Writer
    ) -> None:
        self._stream = stream
        self._imports = imports
        self._paths = PathWriter(context, imports, writer)

    def handlers(self) -> tuple[HandlerPage, ...]:
        """Plan the methods, in the order of the events' first rules."""
        if self._stream.fold is None:
            return ()
        by_event: dict[str, list[FoldRule]] = {}
        for rule in self._stream.fold.rules:
            by_event.setdefault(rule.event, []).append(rule)
        types = {case.name: case.type.id for case in self._stream.cases}
        return tuple(
            HandlerPage(
                event=self._paths.classes((types[event],)),
                name=name(f"_add_{attribute(event) or number}"),
                body=self._body(rules),
            )
            for number, (event, rules) in enumerate(by_event.items())
            if event in types
        )

    def _body(self, rules: list[FoldRule]) -> tuple[Code, ...]:
        body = Block(2)
        if not all(_begins(action) for rule in rules for action in rule.actions):
            body.add(fixed("result = self._result"))
            body.add(fixed("if result is None:"))
            body.add(fixed("    return"))
        guard: Guard | None = None
        for rule in rules:
            before, guard = guard, rule.guard
            self._rule(rule, body, otherwise=_exclude(before, guard))
        return tuple(body.lines)

    def _rule(self, rule: FoldRule, body: Block, *, otherwise: bool) -> None:
        block = Block(body.depth, body.lines, otherwise=otherwise)
        seen: set[str] = set()
        if rule.guard is not None:
            path = rule.guard.path
            narrow = rule.guard.narrow
            full = path if narrow is None else (*path, narrow)
            here = self._paths.read(full, fixed("event"), block, seen)
            if narrow is None:
                tag = name(rule.guard.name)
                value = string(rule.guard.value)
                block.when(assembled("{}.{} == {}", here, tag, value))
        for action in rule.actions:
            alone = len(rule.actions) == 1
            inner = block.branch() if alone else Block(block.depth, block.lines)
            self._action(action, inner, set(seen))

    def _action(self, action: FoldAction, block: Block, seen: set[str]) -> None:
        source = self._paths.read(action.source, fixed("event"), block, seen)
        match action:
            case SetValue():
                self._set(action, source, block, seen)
            case MergeFields():
                target = self._target(action.target, block, seen)
                for each in action.fields:
                    self._merge(each, source, target, Block(block.depth, block.lines))
                unknown = self._imports.use(_RUNTIME, "merge_unknown")
                block.add(assembled("{}({}, {})", unknown, target, source))
            case AppendText() | AppendJson():
                verb = fixed(
                    "_append_text" if isinstance(action, AppendText) else "_append_json"
                )
                owner, field_ = self._owner(action.target, block, seen)
                quoted = string(field_.text)
                block.add(assembled("self.{}({}, {}, {})", verb, owner, quoted, source))
            case _:
                assert_never(action)

    def _target(self, path: Path, block: Block, seen: set[str]) -> Code:
        return self._paths.read(path, fixed("result"), block, seen)

    def _owner(self, path: Path, block: Block, seen: set[str]) -> tuple[Code, Code]:
        *way, last = path
        if isinstance(last, FieldStep):
            return self._target(tuple(way), block, seen), self._paths.attribute(last)
        raise AssertionError("text is appended to a field")

    def _set(
        self, action: SetValue, source: Code, block: Block, seen: set[str]
    ) -> None:
        value = self._copied(action.source, source)
        if not action.target:
            block.add(assembled("self._result = {}", value))
            return
        *way, last = action.target
        owner = self._target(tuple(way), block, seen)
        if isinstance(last, IndexStep):
            index = self._paths.read(last.by, fixed("event"), block, seen)
            put = self._imports.use(_RUNTIME, "put_at")
            block.add(assembled("{}({}, {}, {})", put, owner, index, value))
        elif isinstance(last, FieldStep):
            if may_be_none(action.source[-1]) and not may_be_none(last):
                block.when(assembled("{} is not None", source))
            field_ = self._paths.attribute(last)
            block.add(assembled("{}.{} = {}", owner, field_, value))

    def _copied(self, path: Path, source: Code) -> Code:
        """Copy what a fold may go on to change, so that the event stays as it was."""
        last = path[-1] if path else None
        if isinstance(last, FieldStep) and isinstance(last.type, Scalar | Constant):
            return source
        return assembled("{}({})", self._imports.use(_RUNTIME, "copied"), source)

    def _merge(
        self, each: MergeField, source: Code, target: Code, block: Block
    ) -> None:
        read = assembled("{}.{}", source, self._paths.attribute(each.source))
        write = assembled("{}.{}", target, self._paths.attribute(each.target))
        if not each.source.required:
            present = string(self._paths.attribute(each.source).text)
            block.when(assembled("{} in {}.model_fields_set", present, source))
        if may_be_none(each.source) and not may_be_none(each.target):
            block.when(assembled("{} is not None", read))
        block.add(assembled("{} = {}", write, read))


def _begins(action: FoldAction) -> bool:
    return isinstance(action, SetValue) and not action.target
