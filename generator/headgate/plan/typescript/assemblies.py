"""Objects whose JSON comes in pieces: each one's rule and its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import doc_comment, identifier, string
from headgate.ir.types import Ref
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.folding import EVENT, Statements
from headgate.plan.typescript.layout import Entry, call_lines, open_object

if TYPE_CHECKING:
    from headgate.ir.streams import Assembly, Moment
    from headgate.plan.typescript.expressions import Types


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """A function of an event."""

    head: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AssemblyPlan:
    """A method that gives whole objects, and the rule and functions behind it."""

    docs: Code
    name: Code
    type: Code
    rule: Code
    constant: Code
    function: Code
    functions: tuple[FunctionPlan, ...]


def plan_assembly(
    types: Types,
    assembly: Assembly,
    event: Code,
    tag: Code,
    *,
    members: Scope,
    functions: Scope,
) -> AssemblyPlan:
    """Plan what one assembly becomes; `tag` is the code that tells the events apart."""
    words = split_words(assembly.name)
    single = camel((*words, "call"))
    member = members.claim(f"{single}s", "calls")
    found = types.write(Ref(assembly.object))
    writer = _Functions(types, event, tag, functions, single)
    entries = [Entry(fixed("into"), string(assembly.into.name))]
    plans: list[FunctionPlan] = []
    for key, moment, value in (
        (fixed("begin"), assembly.begin, found),
        (fixed("text"), assembly.text, fixed("string")),
        (fixed("end"), assembly.end, None),
    ):
        name, plan = writer.moment(key, moment, value)
        entries.append(Entry(key, identifier(name)))
        plans.append(plan)
    if assembly.discarded_by:
        name, plan = writer.discarding(assembly.discarded_by)
        entries.append(Entry(fixed("discards"), identifier(name)))
        plans.append(plan)
    rule = identifier(functions.claim(f"{single}Rule", "rule"))
    rule_type = types.imports.runtime_type("assembly", "AssemblyRule")
    return AssemblyPlan(
        docs=doc_comment(
            f"Gives each {' '.join((*words, 'call'))} once it is whole,"
            f" with its `{assembly.into.name}` read.",
            depth=2,
        ),
        name=identifier(member),
        type=found,
        rule=rule,
        constant=assembled(
            "const {}: {}<{}, {}> = {};",
            *(rule, rule_type, event, found, open_object(entries, 0)),
        ),
        function=types.imports.runtime("assembly", "assembled"),
        functions=tuple(plans),
    )


@dataclass(frozen=True, slots=True)
class _Functions:
    """Writes the functions of one assembly."""

    types: Types
    event: Code
    tag: Code
    scope: Scope
    start: str

    def moment(
        self, key: Code, moment: Moment, value: Code | None
    ) -> tuple[Name, FunctionPlan]:
        """Write the function that reads a key and, unless at the end, a value."""
        body = Statements(self.types, fixed("return undefined;"), depth=2)
        test = assembled(
            "if ({} !== {}) {}", self.tag, string(moment.event), body.leave
        )
        body.say(test)
        found = body.surely(body.walk(EVENT, moment.key)).code
        result = fixed("unknown")
        if value is not None:
            read = body.surely(body.walk(EVENT, moment.value)).code
            found = assembled("[{}, {}]", found, read)
            result = assembled("readonly [unknown, {}] | undefined", value)
        body.say(assembled("return {};", found))
        return self._function(key, result, tuple(body.lines))

    def discarding(self, kinds: tuple[str, ...]) -> tuple[Name, FunctionPlan]:
        """Write the function that says whether an event drops what is not whole."""
        tests = [assembled("{} === {}", self.tag, string(kind)) for kind in kinds]
        line = assembled("  return {};", joined(" || ", tests))
        return self._function(fixed("discard"), fixed("boolean"), (line,))

    def _function(
        self, key: Code, result: Code, lines: tuple[Code, ...]
    ) -> tuple[Name, FunctionPlan]:
        name = self.scope.claim(f"{self.start}{key.text.capitalize()}", "part")
        head = call_lines(
            assembled("function {}", identifier(name)),
            [assembled("event: {}", self.event)],
            assembled(": {} {{", result),
            0,
        )
        return name, FunctionPlan(head, lines)
