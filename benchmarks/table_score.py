"""How like two tables are built: TEDS without text.

TEDS (Zhong, ShafieiBavani and Jimeno Yepes, "Image-based table recognition", 2020) is one less the
edit distance of the two HTML trees (table, thead and tbody, tr, td), divided by the number of nodes
of the larger. A td that spans otherwise counts as changed. The edit distance is that of Zhang and
Shasha ("Simple fast algorithms for the editing distance between trees", 1989): a node put in, taken
out or changed costs one.
"""

import dataclasses
from collections.abc import Iterator
from html.parser import HTMLParser

import numpy as np
import numpy.typing as npt

_PARTS = ("table", "thead", "tbody", "tr", "td", "th")


@dataclasses.dataclass(slots=True)
class Node:
    """A tag with what stands in it."""

    label: tuple[str, int, int]
    """Tag, columns and rows that it spans."""
    children: "list[Node]" = dataclasses.field(default_factory=list)


def teds(found: str, known: str) -> float:
    """Of two tables as HTML, 0 to 1; text and tags within cells do not count."""
    trees = parsed(found), parsed(known)
    sizes = [sum(1 for _ in _in_postorder(tree)) for tree in trees]
    largest = max(sizes) - 1  # the table itself is in both
    return 1 - min(edit_distance(*trees) / largest, 1) if largest else 1.0


def parsed(html: str) -> Node:
    """The first table of an HTML text; one without any part where there is none."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.root


def edit_distance(found: Node, known: Node) -> int:
    """Nodes to put in, take out or change."""
    first, second = _Postorder(found), _Postorder(known)
    distances = np.zeros((len(first.labels), len(second.labels)), dtype=np.int64)
    for i in first.keyroots:
        for j in second.keyroots:
            _fill(distances, first, second, i, j)
    return int(distances[-1, -1])


class _Postorder:
    """A tree's nodes, children before parents."""

    def __init__(self, root: Node) -> None:
        self.labels: list[tuple[str, int, int]] = []
        self.leftmost: list[int] = []
        """The first leaf below each."""
        for node, first_leaf in _in_postorder(root):
            self.labels.append(node.label)
            self.leftmost.append(first_leaf)
        last = {leaf: number for number, leaf in enumerate(self.leftmost)}
        self.keyroots = sorted(last.values())
        """Of all nodes above one first leaf, the highest."""


def _in_postorder(root: Node) -> Iterator[tuple[Node, int]]:
    """Each node and the number of its first leaf; no table is so deep that calls would be."""
    count = 0

    def walk(node: Node) -> Iterator[tuple[Node, int]]:
        nonlocal count
        first = count
        for child in node.children:
            yield from walk(child)
        count += 1
        yield node, first

    return walk(root)


def _fill(
    distances: npt.NDArray[np.int64], first: _Postorder, second: _Postorder, i: int, j: int
) -> None:
    """Distances between the subtrees of two keyroots, and of all below on their left edges."""
    left, right = first.leftmost[i], second.leftmost[j]
    height, width = i - left + 2, j - right + 2
    rows = [list(range(width))]
    for x in range(1, height):
        a = left + x - 1
        above, row = rows[-1], [x]
        a_whole = first.leftmost[a] == left
        label, jump = first.labels[a], rows[first.leftmost[a] - left]
        for y in range(1, width):
            b = right + y - 1
            start = second.leftmost[b]
            best = min(above[y], row[y - 1]) + 1
            if a_whole and start == right:
                best = min(best, above[y - 1] + (label != second.labels[b]))
                distances[a, b] = best
            else:
                best = min(best, jump[start - right] + int(distances[a, b]))
            row.append(best)
        rows.append(row)


class _Parser(HTMLParser):
    """Keeps the parts of the first table."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node(("table", 1, 1))
        self._open: list[Node] = []
        self._is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _PARTS or self._is_over:
            return
        if tag == "table":
            self._open = [self.root]
            return
        if not self._open:
            return
        given = dict(attrs)
        columns, rows = (int(given.get(name) or 1) for name in ("colspan", "rowspan"))
        node = Node(("td" if tag == "th" else tag, columns, rows))
        self._open[-1].children.append(node)
        self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _PARTS or not self._open:
            return
        self._open.pop()
        self._is_over = not self._open
