"""A stream's state machine: takes events one by one and names the rules they break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from headgate.contract.declaration import Condition, Declaration, Meaning, Nested
from headgate.contract.expressions import ExpressionError, Scope, Value
from headgate.contract.stream import Move, Stream
from headgate.document.json_values import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule. `within` are the outer streams' rules, outermost first."""

    rule: str
    general: str
    message: str
    within: tuple[str, ...] = ()


class Machine:
    """Where a stream stands: its state, its registers, its open nested stream.

    `state` is None once an event was out of place, or if the stream was joined in
    the middle: then only the terminal event is looked for.
    """

    def __init__(
        self, stream: Stream, *, request: Json = None, joined: bool = False
    ) -> None:
        self.stream = stream
        self.declaration = stream.declaration
        self.request = request
        self.state: str | None = None if joined else stream.declaration.start
        self.ended: Meaning | None = None
        self.inner: Machine | None = None
        self.registers = _first_values(stream.declaration, request)
        self._scope = Scope(self.registers, request)

    def copy(self) -> Self:
        """Give a machine that stands where this one does and moves on its own."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.registers = dict(self.registers)
        twin._scope = Scope(self.registers, self.request)
        twin.inner = None if self.inner is None else self.inner.copy()
        return twin

    def move(self, kind: str) -> Move | None:
        """Give what an event would mean now; None if it would be out of place."""
        return None if self.state is None else self.stream.move(self.state, kind)

    def evaluate(self, value: Value, event: JsonObject | None = None) -> Json:
        """Evaluate an expression here, with an event if it reads one."""
        if event is not None:
            self._scope.see(event, None)
        return self._scope.evaluate(value)

    def nested_machine(self, nested: Nested) -> Machine:
        """Give the machine of the nested stream, a new one where none is open."""
        if self.inner is None:
            request = self._inner_request(nested)
            self.inner = Machine(self.stream.sibling(nested.stream), request=request)
        return self.inner

    def _inner_request(self, nested: Nested) -> Json:
        if nested.request is None or self.request is None:
            return None
        try:
            return self._scope.evaluate(nested.request)
        except ExpressionError:
            return None

    def step(
        self, kind: str, event: JsonObject, *, trusted: bool = True
    ) -> list[Breach]:
        """Take one event and say what it breaks.

        An event that is not `trusted`, because its schema refused it, moves the
        machine and sets what registers it can, but breaks no condition.
        """
        if self.state is None:
            self._watch(kind)
            return []
        move = self.stream.move(self.state, kind)
        if move is None:
            breach = self._misplaced(self.state, kind)
            self.state = None
            self._watch(kind)
            return [breach]
        breaches = self._apply(move, kind, event)
        if not trusted:
            breaches.clear()
        if move.nested is not None:
            breaches += self._step_nested(move, move.nested, event, trusted=trusted)
        if move.to is not None:
            self._enter(move.to)
        return breaches

    def _apply(self, move: Move, kind: str, event: JsonObject) -> list[Breach]:
        if not move.require and not move.set:
            return []
        scope = self._scope
        try:
            scope.see(event, move.fields)
        except ExpressionError as error:
            return [Breach("S5", "S5", f"{kind} cannot be judged: {error}")]
        breaches = [
            breach
            for condition in move.require
            if (breach := self._broken(condition, kind)) is not None
        ]
        for register, result in self._results(move):
            old = self.registers[register]
            if result != old or type(result) is not type(old):
                try:
                    scope.put(register, result)
                except ExpressionError as error:
                    breaches.append(Breach("S5", "S5", f"at {kind}: {error}"))
                    continue
                self.registers[register] = result
        return breaches

    def _results(self, move: Move) -> list[tuple[str, Json]]:
        results: list[tuple[str, Json]] = []
        for register, value in move.set:
            try:
                results.append((register, self._scope.evaluate(value)))
            except ExpressionError:
                # The condition that should have caught this already spoke, or the
                # register keeps its value and a later condition will.
                continue
        return results

    def _broken(self, condition: Condition, kind: str) -> Breach | None:
        try:
            if self._scope.evaluate(condition.test) is True:
                return None
            why = "is not true"
        except ExpressionError as error:
            why = f"cannot be evaluated: {error}"
        rule = self.declaration.rules.get(condition.rule)
        says = f"{rule.text} " if rule is not None else ""
        message = (
            f"{says}At {kind}: {condition.test.source} {why}{self._holding(condition)}"
        )
        return Breach(condition.rule, "S5", message)

    def _holding(self, condition: Condition) -> str:
        names = sorted(condition.test.names & self.registers.keys())
        if not names:
            return ""
        values = ", ".join(f"{name} = {_short(self.registers[name])}" for name in names)
        return f" ({values})"

    def _misplaced(self, state: str, kind: str) -> Breach:
        declaration = self.declaration
        name = declaration.misplaced(state, kind)
        rule = declaration.rules.get(name)
        says = f"{rule.text} " if rule is not None else ""
        admitted = ", ".join(declaration.states.get(state, {})) or "nothing"
        message = f"{says}{kind} is out of place in {state!r}, which admits {admitted}"
        return Breach(name, "S5", message)

    def _step_nested(
        self, move: Move, nested: Nested, event: JsonObject, *, trusted: bool
    ) -> list[Breach]:
        inner = self.nested_machine(nested)
        carried = event.get(nested.at)
        tag = inner.declaration.discriminator
        kind = carried.get(tag) if isinstance(carried, dict) and tag else None
        if not isinstance(carried, dict) or not isinstance(kind, str):
            return []
        outer = () if nested.rule is None else (nested.rule,)
        if inner.ended is None and kind not in inner.declaration.heartbeats:
            breaches = [
                Breach(each.rule, each.general, each.message, outer + each.within)
                for each in inner.step(kind, carried, trusted=trusted)
            ]
        else:
            breaches = []
        if inner.ended is not None and move.ended is not None:
            self._enter(move.ended)
        return breaches

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.inner = None
        self.state = state
        self.ended = self.declaration.ends.get(state)

    def _watch(self, kind: str) -> None:
        end = self.stream.endings.get(kind)
        if end is not None:
            self._enter(end)


_SHORT = 60


def _first_values(declaration: Declaration, request: Json) -> dict[str, Json]:
    """Give the registers' first values; null where the request has none to give."""
    scope = Scope({}, request)
    values: dict[str, Json] = {}
    for name, value in declaration.registers.items():
        try:
            values[name] = scope.evaluate(value)
        except ExpressionError:
            values[name] = None
    return values


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
