"""Where the parts of a state diagram go: a spine of states, with lanes on both sides.

States stand below each other as declared. Steps to the next state are straight arrows;
steps back run through lanes on the left, longer steps ahead through lanes on the
right. Edges with the same event and target share a lane.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from headgate.contract.declaration import EVERY_EVENT, Declaration, Effect, Transition

BOX = 320.0
LINE = 18.0
GAP = 58.0
TOP = 104.0
MARGIN = 28.0
CHARACTER = 7.3


@dataclass(frozen=True, slots=True)
class Label:
    """An event and the rules that its conditions are named after."""

    event: str
    rules: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """How wide the label is when written."""
        gaps = 6 * len(self.rules)
        return CHARACTER * len("".join((self.event, *self.rules))) + gaps


@dataclass(frozen=True, slots=True)
class Box:
    """A state: its name, and below it the events that do not leave it."""

    name: str
    stays: tuple[Label, ...]
    kind: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The height at which lanes enter."""
        return self.y + self.height / 2

    def exit(self, lane: Lane) -> float:
        """The height at which a lane leaves, so that lanes do not hide each other."""
        if lane.left:
            return self.middle
        return self.y + (self.height - 9 if lane.from_any else 10)

    @property
    def centre(self) -> float:
        """The middle from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """A step to the next state down."""

    source: Box
    target: Box
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """A way round other states; `x` is where it runs, `left` of the spine or right."""

    sources: tuple[Box, ...]
    target: Box
    label: Label
    x: float
    left: bool
    from_any: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole diagram."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    lanes: tuple[Lane, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Edges:
    """Edges by target and label, with their sources in order."""

    found: dict[tuple[str, Label, bool], list[str]] = field(
        default_factory=dict[tuple[str, Label, bool], list[str]]
    )

    def add(self, source: str, target: str, label: Label, *, from_any: bool) -> None:
        self.found.setdefault((target, label, from_any), []).append(source)


def lay_out(declaration: Declaration) -> Layout:
    """Decide where everything in a stream's diagram goes."""
    edges = _edges(declaration)
    order = [*declaration.states, *declaration.ends]
    straight, back, ahead = _sorted_out(edges, order, declaration)
    left = MARGIN + _room(label for _, label, _ in back)
    boxes = _boxes(declaration, left, _room_ahead(ahead, declaration))
    lanes = _lanes(back, boxes, left, is_left=True)
    lanes += _lanes(ahead, boxes, left + BOX, is_left=False)
    right = max(
        [
            *(box.x + box.width for box in boxes.values()),
            *(lane.x + lane.label.width + 12 for lane in lanes if not lane.left),
        ]
    )
    bottom = max(box.y + box.height for box in boxes.values())
    arrows = tuple(
        Arrow(boxes[source], boxes[target], tuple(labels))
        for (source, target), labels in straight.items()
    )
    return Layout(
        tuple(boxes.values()), arrows, tuple(lanes), right + MARGIN, bottom + MARGIN
    )


_Ways = list[tuple[list[str], Label, str]]


def _edges(declaration: Declaration) -> _Edges:
    edges = _Edges()
    for state, events in declaration.states.items():
        for event, transition in events.items():
            label = _label(event, transition.effect, declaration)
            if transition.ended is not None:
                nested = declaration.nested[event]
                edges.add(
                    state,
                    transition.ended,
                    Label(f"{nested.stream} ends"),
                    from_any=False,
                )
            if transition.to is not None and transition.to != state:
                edges.add(state, transition.to, label, from_any=False)
    for event, transition in declaration.from_any.items():
        label = _label(event, transition.effect, declaration)
        for state in declaration.states:
            if state != declaration.start and transition.to is not None:
                edges.add(state, transition.to, label, from_any=True)
    return edges


def _sorted_out(
    edges: _Edges, order: list[str], declaration: Declaration
) -> tuple[dict[tuple[str, str], list[Label]], _Ways, _Ways]:
    """Tell steps to the next state from steps back and steps further ahead."""
    straight: dict[tuple[str, str], list[Label]] = {}
    back: _Ways = []
    ahead: _Ways = []
    for (target, label, from_any), sources in edges.found.items():
        last = list(declaration.states)[-1]
        beside = order.index(target) > len(declaration.states)
        near = [
            source
            for source in sources
            if order.index(target) == order.index(source) + 1 and not from_any
        ]
        if beside or (len(near) < len(sources) and last in near):
            near = []
        for source in near:
            straight.setdefault((source, target), []).append(label)
        others = [source for source in sources if source not in near]
        behind = [s for s in others if order.index(s) > order.index(target)]
        further = [s for s in others if s not in behind]
        if behind:
            back.append((behind, label, target))
        if further:
            ahead.append((further, label, target))
    return straight, back, ahead


def _label(event: str, effect: Effect, declaration: Declaration) -> Label:
    always = declaration.always.get(event, Effect())
    used = {condition.rule for condition in (*effect.require, *always.require)}
    listed = [rule for rule in declaration.rules if rule in used]
    return Label(event, (*listed, *sorted(used.difference(listed))))


def _boxes(declaration: Declaration, left: float, room: float) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    y = TOP
    for state, events in declaration.states.items():
        stays = tuple(
            _label(event, transition.effect, declaration)
            for event, transition in events.items()
            if _stays(state, transition)
        )
        kind = "start" if state == declaration.start else "state"
        height = 34 + LINE * len(stays) + (6 if stays else 0)
        boxes[state] = Box(state, stays, kind, left, y, BOX, height)
        y += height + GAP
    x, width = left, BOX
    for end, meaning in declaration.ends.items():
        boxes[end] = Box(end, (), meaning, x, y, width, 34)
        x += width + room
        width, room = 120.0, 24.0
    return boxes


def _stays(state: str, transition: Transition) -> bool:
    return transition.to is None or transition.to == state


def _lanes(
    ways: _Ways, boxes: dict[str, Box], edge: float, *, is_left: bool
) -> list[Lane]:
    lanes: list[Lane] = []
    x = edge
    for sources, label, target in sorted(ways, key=lambda way: _span(way, boxes)):
        from_any = len(sources) > 1 and boxes[target].x > edge
        x += -28.0 if is_left else 28.0
        here = boxes[target].centre if from_any else x
        places = tuple(boxes[source] for source in sources)
        lanes.append(Lane(places, boxes[target], label, here, is_left, from_any))
        x += -label.width - 8 if is_left else label.width + 8
    return lanes


def _span(
    way: tuple[list[str], Label, str], boxes: dict[str, Box]
) -> tuple[float, ...]:
    sources, _, target = way
    beside = boxes[target].x > boxes[sources[0]].x
    return (beside, max(abs(boxes[s].y - boxes[target].y) for s in sources))


def _room(labels: Iterable[Label]) -> float:
    """Give the room that lanes with these labels take."""
    return sum(36 + label.width for label in labels)


def _room_ahead(ways: _Ways, declaration: Declaration) -> float:
    inner = [*declaration.states, *list(declaration.ends)[:1]]
    return 24 + _room(label for _, label, target in ways if target in inner)


def notes(declaration: Declaration) -> list[str]:
    """Say what else may come, which the boxes do not show."""
    said: list[str] = []
    if declaration.anywhere:
        names = _listed([*declaration.anywhere])
        said.append(f"{names} may come after the first event")
    if declaration.heartbeats:
        names = _listed(sorted(declaration.heartbeats))
        said.append(f"{names} keeps the connection open and counts for nothing")
    every = declaration.always.get(EVERY_EVENT)
    if every is not None and every.require:
        rules = _listed([condition.rule for condition in every.require])
        said.append(f"every event keeps {rules}")
    return said


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
