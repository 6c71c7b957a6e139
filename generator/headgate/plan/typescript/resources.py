"""The modules of resources: a class each, the client's being the root of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code
from headgate.encoding.typescript import doc_comment, identifier
from headgate.names import Name, Scope
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.extensions import EXTENSIONS
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
_API_RESOURCE = Exported(Name("ApiResource"), "configuration")
_COMPLETE = Exported(Name("complete"), EXTENSIONS)


@dataclass(frozen=True, slots=True)
class Child:
    """A resource below this one."""

    docs: Code
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
    has_members: bool
    is_client: bool


def plan_resource(
    api: Api, names: Names, resource: Resource, header: Code, docs: str
) -> ResourcePage:
    """Plan the module of one resource."""
    own = names.resources[resource.path]
    imports = Imports(own.exported.module)
    if resource.operations or resource.children:
        imports.value(_API_RESOURCE)
        if not resource.path:
            imports.value(_COMPLETE)
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
        has_members=bool(children) or not resource.path,
        is_client=not resource.path,
    )


def _child(names: Names, imports: Imports, child: Resource, name: Name) -> Child:
    class_name = imports.value(names.resources[child.path].exported)
    return Child(
        docs=doc_comment(child.docs.text, depth=2),
        made=new_member(identifier(name), class_name),
    )
