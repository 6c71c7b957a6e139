"""Templates print a plan: they hold no logic that could decide anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
PATHS = sorted(TEMPLATES.rglob("*.j2")) + sorted(TEMPLATES.rglob("*.jinja"))

PRINTED = (nodes.Name, nodes.Getattr, nodes.TemplateData)
LOOP_FIELDS = {"first", "last"}


def offences(source: str) -> list[str]:
    """What a template does beside printing, looping, testing flags and including."""
    tree = Environment(autoescape=False).parse(source)
    return [text for node in _walk(tree) for text in _judge(node)]


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _judge(node: nodes.Node) -> Iterator[str]:
    where = f"line {node.lineno}"
    match node:
        case nodes.Include(template=nodes.Const()):
            pass
        case nodes.Const():
            pass
        case nodes.If(test=nodes.Name() | nodes.Getattr() | nodes.Not()):
            pass
        case nodes.Not(node=nodes.Name() | nodes.Getattr()):
            pass
        case nodes.For(test=None, recursive=False, iter=nodes.Name() | nodes.Getattr()):
            pass
        case nodes.Getattr(node=nodes.Name(name="loop"), attr=attr):
            if attr not in LOOP_FIELDS:
                yield f"{where}: loop.{attr}"
        case nodes.Output(nodes=children):
            yield from (
                f"{where}: prints {type(child).__name__}"
                for child in children
                if not isinstance(child, PRINTED)
            )
        case nodes.Name() | nodes.Getattr() | nodes.Template() | nodes.TemplateData():
            pass
        case _:
            yield f"{where}: {type(node).__name__}"


@pytest.mark.parametrize("path", PATHS, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_template_only_prints(path: Path) -> None:
    """A template loops, tests a flag, prints a field and includes; nothing else."""
    assert offences(path.read_text("utf-8")) == []


def test_there_are_templates() -> None:
    """The walk finds the templates of every language."""
    languages = {path.relative_to(TEMPLATES).parts[0] for path in PATHS}

    assert languages >= {"python", "typescript", "rust"}


@pytest.mark.parametrize(
    "source",
    [
        "{% set a = b %}",
        "{% if a == b %}{% endif %}",
        "{% if a and b %}{% endif %}",
        "{% if a in b %}{% endif %}",
        "{% if a is defined %}{% endif %}",
        "{{ a() }}",
        "{{ a.b() }}",
        "{{ a|upper }}",
        "{% filter upper %}a{% endfilter %}",
        "{{ a[b] }}",
        "{{ a['b'] }}",
        "{{ a ~ b }}",
        "{{ 'text' }}",
        "{{ a if b else c }}",
        "{% for a in b if a %}{% endfor %}",
        "{% for a in b.items() %}{% endfor %}",
        "{% for a in range(3) %}{% endfor %}",
        "{{ loop.index }}",
        "{% include name %}",
        "{% with a = b %}{% endwith %}",
        "{% macro m(a) %}{% endmacro %}",
        "{% block b %}{% endblock %}",
        "{% extends 'a' %}",
    ],
)
def test_logic_is_an_offence(source: str) -> None:
    """Each way to decide or compute something in a template is found."""
    assert offences(source) != []


def test_printing_is_no_offence() -> None:
    """What a template is for passes."""
    source = """
    {% for field in page.fields %}{% if not field.hidden %}{{ field.name }}
    {% elif field.shown %}{{ name }}{% else %}x{% endif %}
    {% if not loop.last %},{% endif %}{% endfor %}{% include "part.j2" %}
    """

    assert offences(source) == []
