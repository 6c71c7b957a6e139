"""Which nodes of a graph lead back to themselves, in time linear in the graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Cycles(Generic[N]):
    """The strongly connected components of a graph (Tarjan, 1972).

    `order` has a node behind all that it leads to, but for those of its own cycle.
    """

    edges: Mapping[N, Sequence[N]]
    order: tuple[N, ...]
    _component: Mapping[N, int]

    def join(self, first: N, second: N) -> bool:
        """Say whether two nodes, of which one leads to the other, share a cycle.

        A node by itself is on one only if an edge leads from it to itself.
        """
        if first == second:
            return self.holds(first)
        return self._component.get(first) == self._component[second]

    def holds(self, node: N) -> bool:
        """Say whether a node leads back to itself."""
        own = self._component.get(node)
        return any(self._component[each] == own for each in self.edges.get(node, ()))


def find_cycles(edges: Mapping[N, Sequence[N]]) -> Cycles[N]:
    """Find the cycles of a graph, given each node's successors."""
    search = _Search(edges)
    for node in edges:
        if node not in search.numbers:
            search.walk(node)
    return Cycles(edges, tuple(search.order), search.component)


@dataclass(slots=True)
class _Search(Generic[N]):
    """A depth-first walk that keeps its own stack: chains may be of any length."""

    edges: Mapping[N, Sequence[N]]
    numbers: dict[N, int] = field(default_factory=dict[N, int])
    lowest: dict[N, int] = field(default_factory=dict[N, int])
    component: dict[N, int] = field(default_factory=dict[N, int])
    order: list[N] = field(default_factory=list[N])
    _open: list[N] = field(default_factory=list[N])

    def walk(self, root: N) -> None:
        """Visit what `root` leads to."""
        path = [(root, self._enter(root))]
        while path:
            node, successors = path[-1]
            following = next(successors, None)
            if following is None:
                path.pop()
                self._leave(node)
                if path:
                    self._lower(path[-1][0], self.lowest[node])
            elif following not in self.numbers:
                path.append((following, self._enter(following)))
            elif following not in self.component:
                self._lower(node, self.numbers[following])

    def _enter(self, node: N) -> Iterator[N]:
        self.numbers[node] = self.lowest[node] = len(self.numbers)
        self._open.append(node)
        return iter(self.edges[node])

    def _lower(self, node: N, number: int) -> None:
        self.lowest[node] = min(self.lowest[node], number)

    def _leave(self, node: N) -> None:
        self.order.append(node)
        if self.lowest[node] != self.numbers[node]:
            return
        while node not in self.component:
            self.component[self._open.pop()] = self.numbers[node]
