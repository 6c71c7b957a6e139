"""The modules of resources: a class each, the client's being the root of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code
from headgate.encoding.typescript import doc_comment, identifier
from headgate.names import Name, Scope
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import new_member
from headgate.plan.typescript.methods import MethodPlanner
from headgate.plan.typescript.names import Exported, has_named_parameters

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Resource
    from headgate.plan.typescript.methods import Method, Params
    from headgate.plan.typescript.names import Names

_CLIENT_OPTIONS = Exported(Name("ClientOptions"), "configuration")
_CONNECT = Exported(Name("connect"), "configuration")


@dataclass(frozen=True, slots=True)
class Child:
    """A resource below this one."""

    docs: Code
    name: Code
    class_name: Code
    made: Code


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """The module of a resource."""

    header: Code
    imports: tuple[Code, ...]
    constants: tuple[Code, ...]
    params: tuple[Params, ...]
    docs: Code
    name: Code
    children: tuple[Child, ...]
    methods: tuple[Method, ...]
    has_fields: bool


def plan_resource(
    api: Api, names: Names, resource: Resource, header: Code, docs: str
) -> ResourcePage:
    """Plan the module of one resource."""
    own = names.resources[resource.path]
    imports = Imports(own.exported.module)
    if resource.operations or resource.children:
        imports.value(_CONNECT)
        imports.type(_CLIENT_OPTIONS)
        imports.runtime_type("transport", "Transport")
    types = Types(api, names, imports)
    planner = MethodPlanner(types, own, [], Scope())
    params = tuple(
        planner.params(operation)
        for operation in resource.operations
        if has_named_parameters(operation)
    )
    methods = tuple(
        method
        for operation in resource.operations
        for method in planner.methods(operation)
    )
    children = tuple(
        _child(names, imports, child, own.children[child.path])
        for child in resource.children
    )
    return ResourcePage(
        header=header,
        imports=imports.lines(),
        constants=tuple(planner.constants),
        params=params,
        docs=doc_comment(docs, deprecated=resource.docs.deprecated),
        name=identifier(own.exported.name),
        children=children,
        methods=methods,
        has_fields=bool(children or methods),
    )


def _child(names: Names, imports: Imports, child: Resource, name: Name) -> Child:
    class_name = imports.value(names.resources[child.path].exported)
    member = identifier(name)
    return Child(
        docs=doc_comment(child.docs.text, depth=2),
        name=member,
        class_name=class_name,
        made=new_member(member, class_name),
    )
