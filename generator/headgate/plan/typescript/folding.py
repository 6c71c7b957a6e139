"""Folds and extractors of streams, compiled into plain member access.

The statements are flat: where a value is not what the fold is about, they return.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import access, identifier, indent, string
from headgate.ir.streams import (
    AppendJson,
    AppendText,
    FieldStep,
    FoldAction,
    Guard,
    IndexStep,
    MergeFields,
    NarrowStep,
    Path,
    SetValue,
)
from headgate.ir.types import Constant, Enum, Nullable, Scalar, Union
from headgate.names import Scope, camel, split_words
from headgate.plan.typescript.layout import WIDTH
from headgate.plan.typescript.names import RESERVED_WORDS

if TYPE_CHECKING:
    from headgate.ir.types import TypeExpr
    from headgate.plan.typescript.expressions import Types


@dataclass(frozen=True, slots=True)
class Operand:
    """An expression, and what it may be beside a value of its type."""

    code: Code
    type: TypeExpr | None = None
    name: str = "value"
    absent: bool = False
    null: bool = False
    is_local: bool = False


@dataclass(slots=True)
class Statements:
    """The body of one function about an `event`; `leave` is how it gives up."""

    types: Types
    leave: Code
    depth: int
    lines: list[Code] = field(default_factory=list[Code])
    scope: Scope = field(
        default_factory=lambda: Scope(reserved=RESERVED_WORDS | {"event", "result"})
    )

    _reached: dict[tuple[str, Path], Operand] = field(
        default_factory=dict[tuple[str, "Path"], Operand]
    )

    def say(self, line: Code) -> None:
        """Add a line."""
        self.lines.append(assembled("{}{}", indent(self.depth), line))

    def walk(self, start: Operand, path: Path) -> Operand:
        """Follow a path as far as it goes, leaving the function where it ends early."""
        operand = start
        for length, step in enumerate(path, 1):
            key = (start.code.text, path[:length])
            operand = self._reached.get(key) or self._step(operand, step)
            self._reached[key] = operand
        return operand

    def _step(
        self, operand: Operand, step: FieldStep | IndexStep | NarrowStep
    ) -> Operand:
        match step:
            case FieldStep():
                base = self.surely(operand)
                return Operand(
                    code=assembled("{}{}", base.code, access(step.name)),
                    type=step.type,
                    name=step.name,
                    absent=not step.required,
                    null=isinstance(step.type, Nullable),
                )
            case IndexStep():
                base = self.surely(operand)
                index = self.surely(self.walk(EVENT, step.by))
                return Operand(
                    code=assembled("{}[{}]", base.code, index.code),
                    type=step.item,
                    name=base.name,
                    absent=True,
                    null=isinstance(step.item, Nullable),
                )
            case NarrowStep():
                return self._narrow(operand, step)
            case _ as never:
                assert_never(never)

    def surely(self, operand: Operand) -> Operand:
        """Leave the function unless the operand has a value."""
        if not (operand.absent or operand.null):
            return operand
        local = self._local(operand)
        tests = [
            assembled("{} === {}", local.code, nothing)
            for nothing, possible in (
                (fixed("undefined"), operand.absent),
                (fixed("null"), operand.null),
            )
            if possible
        ]
        self.say(assembled("if ({}) {}", joined(" || ", tests), self.leave))
        return replace(local, absent=False, null=False)

    def _local(self, operand: Operand) -> Operand:
        if operand.is_local:
            return operand
        wanted = camel(split_words(operand.name))
        if wanted in self.scope.reserved:
            wanted = f"{wanted}Value"
        name = self.scope.claim(wanted, "value")
        local = identifier(name)
        self.say(assembled("const {} = {};", local, operand.code))
        return replace(operand, code=local, is_local=True)

    def _narrow(self, operand: Operand, step: NarrowStep) -> Operand:
        union = self.types.api.definitions[step.union]
        if not isinstance(union, Union) or union.tag is None:
            return operand
        tags = [
            string(variant.tag)
            for variant in union.variants
            if variant.tag is not None
            and getattr(variant.type, "id", None) in step.variants
        ]
        local = self._local(operand)
        mark = fixed("?") if operand.absent or operand.null else fixed("")
        dot = access(union.tag.property)
        if mark and not dot.text.startswith("."):
            mark = fixed("?.")
        self._require(assembled("{}{}{}", local.code, mark, dot), tags)
        return replace(local, absent=False, null=False)

    def _require(self, tag: Code, wanted: list[Code]) -> None:
        differs = [assembled("{} !== {}", tag, value) for value in wanted]
        line = assembled("if ({}) {}", joined(" && ", differs), self.leave)
        if len(wanted) == 1 or len(indent(self.depth)) + len(line) <= WIDTH:
            self.say(line)
            return
        self.say(assembled("switch ({}) {{", tag))
        for value in wanted:
            self.say(assembled("  case {}:", value))
        for line in (fixed("    break;"), fixed("  default:")):
            self.say(line)
        self.say(assembled("    {}", self.leave))
        self.say(fixed("}"))

    def guard(self, guard: Guard | None) -> None:
        """Leave the function unless the guard holds."""
        if guard is None:
            return
        if guard.narrow is not None:
            self.walk(EVENT, (*guard.path, guard.narrow))
            return
        value = self.surely(self.walk(EVENT, guard.path))
        tag = assembled("{}{}", value.code, access(guard.name))
        self._require(tag, [string(guard.value)])

    def act(self, action: FoldAction) -> None:
        """Do one action of a fold."""
        match action:
            case SetValue(target=()):
                source = self.surely(self.walk(EVENT, action.source))
                self.say(assembled("this.#result = {};", self._copied(source)))
            case SetValue():
                self._set(action)
            case MergeFields():
                self._merge(action)
            case AppendText():
                self._append(action)
            case AppendJson():
                self._append_json(action)
            case _ as never:
                assert_never(never)

    def _result(self) -> Operand:
        """Use the object so far: before the first event that sets it there is none."""
        if not any(
            line.text.endswith("const result = this.#result;") for line in self.lines
        ):
            self.say(fixed("const result = this.#result;"))
            self.say(assembled("if (!result) {}", self.leave))
        return RESULT

    def _place(self, target: Path) -> Operand:
        """Walk to a target whose last step is then written to, not read."""
        owner = self.surely(self.walk(self._result(), target[:-1]))
        return self._step(owner, target[-1])

    def _set(self, action: SetValue) -> None:
        place = self._place(action.target)
        source = self.walk(EVENT, action.source)
        if source.absent or (source.null and not place.null):
            source = self.surely(replace(source, null=source.null and not place.null))
        self.say(assembled("{} = {};", place.code, self._copied(source)))

    def _append(self, action: AppendText) -> None:
        place = self._place(action.target)
        source = self.surely(self.walk(EVENT, action.source))
        if place.absent or place.null:
            shown = assembled('({} ?? "") + {}', place.code, source.code)
            self.say(assembled("{} = {};", place.code, shown))
        else:
            self.say(assembled("{} += {};", place.code, source.code))

    def _append_json(self, action: AppendJson) -> None:
        owner = self.surely(self.walk(self._result(), action.target[:-1]))
        last = action.target[-1]
        source = self.surely(self.walk(EVENT, action.source))
        if isinstance(last, FieldStep):
            self.say(
                assembled(
                    "this.#pieces.append({}, {}, {});",
                    owner.code,
                    string(last.name),
                    source.code,
                )
            )

    def _merge(self, action: MergeFields) -> None:
        """Take over all that there is: fields that nobody knows yet are kept too."""
        target = self.surely(self.walk(self._result(), action.target))
        source = self.surely(self.walk(EVENT, action.source))
        copied = self._copied(source)
        self.say(assembled("Object.assign({}, {});", target.code, copied))

    def _copied(self, operand: Operand) -> Code:
        """Copy what has parts: the fold changes its own and not the caller's event."""
        resolved = operand.type
        if isinstance(resolved, Nullable):
            resolved = resolved.inner
        if resolved is not None:
            found = self.types.resolve(resolved)
            if isinstance(found, (Scalar, Constant, Enum)):
                return operand.code
        return assembled("structuredClone({})", operand.code)


EVENT = Operand(fixed("event"), name="event", is_local=True)
RESULT = Operand(fixed("result"), name="result", is_local=True)
