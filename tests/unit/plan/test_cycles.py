"""Cycles of a graph, by which Rust's types are boxed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headgate.plan.cycles import find_cycles

_GRAPHS = st.integers(min_value=1, max_value=8).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(min_value=0, max_value=size - 1), max_size=3),
        min_size=size,
        max_size=size,
    )
)


def _reach(edges: list[list[int]], start: int) -> set[int]:
    reached: set[int] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += edges[node]
    return reached


@given(_GRAPHS)
def test_a_cycle_is_what_leads_back(edges: list[list[int]]) -> None:
    """An edge lies on a cycle exactly if its end leads back to its beginning."""
    cycles = find_cycles(dict(enumerate(edges)))

    found = [
        cycles.join(node, following)
        for node, following_all in enumerate(edges)
        for following in following_all
    ]

    assert found == [
        following == node or node in _reach(edges, following)
        for node, following_all in enumerate(edges)
        for following in following_all
    ]


@given(_GRAPHS)
def test_what_is_led_to_comes_first(edges: list[list[int]]) -> None:
    """In the order, a node stands behind all that it leads to outside its cycle."""
    cycles = find_cycles(dict(enumerate(edges)))

    place = {node: at for at, node in enumerate(cycles.order)}

    assert all(
        place[following] < place[node]
        for node, following_all in enumerate(edges)
        for following in following_all
        if not cycles.join(node, following)
    )


def test_a_chain_may_be_of_any_length() -> None:
    """Fifty thousand nodes in a row do not exhaust the interpreter's stack."""
    chain = list(range(50_000))
    edges: dict[int, list[int]] = {last: [] for last in chain[-1:]}
    edges |= {node: [following] for node, following in pairwise(chain)}

    cycles = find_cycles(edges)

    assert cycles.order == tuple(reversed(chain))
