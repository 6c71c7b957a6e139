"""The modules of resources: a class each, the client's being the root of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, fixed
from headgate.encoding.typescript import doc_comment, identifier
from headgate.names import Name, Scope
from headgate.plan.typescript.builders import begin_builders
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.extensions import EXTENSIONS
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import new_member
from headgate.plan.typescript.methods import MethodPlanner
from headgate.plan.typescript.names import Exported, has_named_parameters
from headgate.plan.typescript.surface import plan_surface

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Resource
    from headgate.plan.typescript.methods import Extra, Method, Params
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
    extras: tuple[Extra, ...]
    has_scopes: bool
    passes_on: bool
    passing_docs: Code
    passing_options: Code
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
    surface = None if resource.path else plan_surface(types)
    extras = surface.methods if surface else begin_builders(types, resource)
    constants, interfaces = planner.constants, params
    if surface is not None:
        constants = [*constants, *surface.constants]
        interfaces = (*params, *surface.params)
    return ResourcePage(
        header=header,
        imports=imports.lines(),
        constants=tuple(constants),
        params=interfaces,
        extras=extras,
        has_scopes=surface is not None and surface.has_scopes,
        passes_on=surface is not None and surface.passes_on,
        passing_docs=surface.passing_docs if surface else fixed(""),
        passing_options=surface.passing_options if surface else fixed(""),
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
