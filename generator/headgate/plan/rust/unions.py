"""The pages of unions: one of several types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import Ref
from headgate.plan.rust import layout
from headgate.plan.rust.docs import documentation
from headgate.plan.rust.members import has_unknown
from headgate.plan.rust.pages import (
    ConversionPage,
    ShapedPage,
    TaggedPage,
    UnionPage,
    VariantPage,
)
from headgate.plan.rust.shapes import choices, is_told_by_first_fit
from headgate.plan.rust.types import OWN_MODULE
from headgate.plan.rust.uploads import file_arms, has_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.types import Union
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.members import Arm, Members

_TAGGED: Final = "crate::runtime::tagged"
_DERIVE: Final = fixed("#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]")
_DERIVE_TAGGED: Final = fixed("#[derive(Clone, Debug, PartialEq, Serialize)]")


def plan_union(members: Members, union: Union, imports: Imports) -> UnionPage:
    """Plan the page of one union."""
    return _Writer(members, union, imports).page()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one union."""

    members: Members
    union: Union
    imports: Imports

    def page(self) -> UnionPage:
        """Plan the page."""
        union, imports = self.union, self.imports
        arms = self.members.arms(union)
        unknown = has_unknown(union)
        derived = union.tag is None and is_told_by_first_fit(self.members, arms)
        imports.use("serde", "Serialize")
        imports.use("serde", "Deserialize")
        variants = tuple(self._variant(arm) for arm in arms)
        return UnionPage(
            docs=documentation(union.docs, union.words),
            derive=_DERIVE if derived else _DERIVE_TAGGED,
            name=self.members.types.names[union.id],
            variants=variants,
            unknown=fixed("Unknown") if unknown else layout.EMPTY,
            unknown_type=self._unknown_type(),
            tagged=self._tagged(arms),
            shaped=None if derived else self._shaped(arms),
            conversions=self._conversions(arms),
            file_arms=self._file_arms(arms),
        )

    def _file_arms(self, arms: Sequence[Arm]) -> tuple[Code, ...]:
        definitions = self.members.types.definitions
        is_sent = self.union.direction.sent
        if not (is_sent and has_files(Ref(self.union.id), definitions)):
            return ()
        self.imports.use("crate::runtime", "upload")
        unknown = fixed("Unknown") if has_unknown(self.union) else layout.EMPTY
        return file_arms(arms, unknown, definitions)

    def _unknown_type(self) -> Code:
        if not has_unknown(self.union):
            return layout.EMPTY
        self.imports.use("serde_json", "Value")
        if self.union.tag is None:
            return fixed("Value")
        self.imports.use("serde_json", "Map")
        return fixed("Map<String, Value>")

    def _variant(self, arm: Arm) -> VariantPage:
        type_ = self.members.types.write(arm.variant.type, self.imports, OWN_MODULE)
        if arm.boxed:
            type_ = assembled("Box<{}>", type_)
        tag = arm.variant.tag
        text = f"Tagged `{tag}`." if tag is not None else self._untagged_docs(arm)
        line = layout.tuple_variant(4, arm.name, type_)
        return VariantPage(rust.doc(text, 4), line)

    def _untagged_docs(self, arm: Arm) -> str:
        words = " ".join(self.members.type_words(arm.variant.type))
        return f"In the form of `{words}`."

    def _tagged(self, arms: Sequence[Arm]) -> TaggedPage | None:
        tag = self.union.tag
        if tag is None:
            return None
        self.imports.use("serde::de", "Deserializer")
        self.imports.use("serde::de", "MapAccess")
        for name in (fixed("self"), fixed("Fields"), fixed("Tagged")):
            self.imports.use_code(fixed(_TAGGED), name)
        is_open = has_unknown(self.union)
        lines = [_tag_arm(arm) for arm in arms]
        lines += [
            _absent_arm(arm, is_open=is_open)
            for arm in arms
            if arm.variant.tag == tag.absent
        ]
        if is_open:
            lines.append(fixed("            _ => fields.read(Self::Unknown),"))
        else:
            lines.append(fixed("            _ => Err(tagged::unknown_tag(tag)),"))
        return TaggedPage(rust.string(tag.property), tuple(lines))

    def _shaped(self, arms: Sequence[Arm]) -> ShapedPage | None:
        if self.union.tag is not None:
            return None
        self.imports.use("serde::de", "Deserializer")
        self.imports.use("serde_json", "Value")
        self.imports.use("crate::runtime::shape", "Choice")
        end = fixed("choice.required()")
        if has_unknown(self.union):
            end = fixed("Ok(choice.finish().unwrap_or_else(Self::Unknown))")
        return ShapedPage(choices(self.members, arms), end)

    def _conversions(self, arms: Sequence[Arm]) -> tuple[ConversionPage, ...]:
        if not self.union.direction.sent:
            return ()
        pages: list[ConversionPage] = []
        name = self.members.types.names[self.union.id]
        seen: list[object] = [self.members.types.signature(Ref(self.union.id))]
        for arm in arms:
            key = self.members.types.signature(arm.variant.type)
            if key in seen:
                continue
            seen.append(key)
            written = self.members.types.write(
                arm.variant.type, self.imports, OWN_MODULE
            )
            given = [(written, fixed("value"))]
            if key == "String":
                given.append((fixed("&str"), fixed("value.to_owned()")))
            for source, value in given:
                boxed = assembled("Box::new({})", value) if arm.boxed else value
                head = layout.conversion(source, name)
                pages.append(ConversionPage(head, source, _wrapped(arm, boxed)))
        return tuple(pages)


def _tag_arm(arm: Arm) -> Code:
    tag = rust.string(arm.variant.tag or "")
    pattern = assembled("Some({})", tag)
    body = assembled("fields.read(Self::{})", arm.name)
    return layout.arm(12, pattern, body)


def _absent_arm(arm: Arm, *, is_open: bool) -> Code:
    body = assembled("fields.read(Self::{})", arm.name)
    if is_open:
        body = assembled("fields.read_or(Self::{}, Self::Unknown)", arm.name)
    return layout.arm(12, fixed("None"), body)


def _wrapped(arm: Arm, value: Code) -> Code:
    return assembled("        Self::{}({})", arm.name, value)
