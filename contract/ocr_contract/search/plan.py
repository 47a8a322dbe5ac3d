"""How a query is answered: its tree as streams over the indexes.

What FTS5 can answer alone, it does: all words of three characters and more with their OR and
their `-` become one expression, and so do all short ones. What is about an image's row is a
stream of its own where an index knows the few that fulfil it, otherwise a check of what the other
streams bring. Accents and case of `exact:` are checked on the text itself.
"""

import json
from collections.abc import Callable
from functools import partial

from ocr_contract.search import columns, documents, expressions, matching, rare_trigrams
from ocr_contract.search.joins import AllOf, AnyOf, Chance, Checked, Race, Without
from ocr_contract.search.rare import of_statuses, rare_stream
from ocr_contract.search.source import Source
from ocr_contract.search.streams import (
    COLUMNS_COST,
    DOCUMENT_COST,
    ROW_SEEK_COST,
    FewStream,
    ListStream,
    NoStream,
    SqlStream,
    Stream,
    WalkStream,
)
from ocr_contract.search.tree import And, Confidence, Lines, Node, Not, Or, State, Word, any_part

FEW_UNFOLDED = 500
"""Images that the index does not hold folded: as many are compared one by one in each search."""


def stream(source: Source, tree: Node) -> Stream:
    """The hits of `tree`.

    With more than FEW_UNFOLDED images that are not folded yet, some of those may be left out.
    """
    plain = _stream(source, tree)
    few = _some_unfolded(source, FEW_UNFOLDED + 1)
    if not few:
        return plain
    if len(few) <= FEW_UNFOLDED:
        return AnyOf([Without(plain, set(few)), _compared(source, ListStream(few), tree)])
    if _has_short_word(tree):
        compared = _compared(source, _unfolded(source), tree)
        return AnyOf([AllOf(source, [plain], [_unfolded(source)]), compared])
    if any_part(tree, Not):
        return Checked(source, plain, partial(_not_refuted, source, tree), DOCUMENT_COST)
    return plain


def _stream(source: Source, node: Node) -> Stream:
    if isinstance(node, Or) and columns.condition(node) is None:
        return _disjunction(source, node)
    return _Conjunction(source, node.parts if isinstance(node, And) else (node,)).stream()


def _disjunction(source: Source, node: Or) -> Stream:
    """What one table answers alone is asked of it at once."""
    texts, grams, others = [], [], []
    for part in node.parts:
        if rare_trigrams.find(source, part) is not None:
            others.append(part)
        elif (expression := expressions.texts(part)) is not None:
            texts.append(expression)
        elif (expression := expressions.grams(part)) is not None:
            grams.append(expression)
        else:
            others.append(part)
    streams: list[Stream] = []
    if texts:
        streams.append(_fts(source, "images_fts", " OR ".join(texts)))
    if grams:
        streams.append(_fts(source, "grams_fts", " OR ".join(grams)))
    streams += [_stream(source, part) for part in others]
    return streams[0] if len(streams) == 1 else AnyOf(streams)


class _Conjunction:
    """The parts of an AND, each where it is answered best."""

    def __init__(self, source: Source, parts: tuple[Node, ...]) -> None:
        self._source = source
        self._whole = And(parts)
        self._expressions: dict[str, tuple[list[str], list[str]]] = {
            "images_fts": ([], []), "grams_fts": ([], []),
        }  # fmt: skip
        self._loose: list[str] = []
        """Instead of the wanted texts, where phrases are no more than their words."""
        self._rare: list[tuple[Node, Callable[[], Stream]]] = []
        """What an index on rows knows."""
        self._wanted: list[Callable[[], Stream]] = []
        self._unwanted: list[Callable[[], Stream]] = []
        self._columns: list[Node] = []
        self._checks: list[Node] = []
        for part in parts:
            self._take(part)
        if self._rare:
            self._wanted.append(self._few)
        self._ask_fts()

    def stream(self) -> Stream:
        """What fulfils them all."""
        if not self._wanted:
            self._walk()
        if self._rare and len(self._columns) > 1 and self._few().seek(self._source.top) is None:
            return NoStream()
        contenders = [self._checked(self._joined())]
        if (loose := self._loose_way()) is not None:
            found, cost = loose
            compared = _compared(self._source, found, self._whole)
            contenders = [Chance(self._source, compared, contenders[0], cost)]
        if len(self._wanted) + len(self._unwanted) > 1:
            # Where rows tell that there are few, to compare what has a word is hopeless.
            ways = [self._few] if self._rare else self._wanted
            contenders += [_compared(self._source, each(), self._whole) for each in ways]
        return contenders[0] if len(contenders) == 1 else Race(self._source, contenders)

    def _loose_way(self) -> tuple[Stream, int] | None:
        """What all hits hold and few other images do, where FTS5 has that faster; its cost."""
        if not self._expressions["images_fts"][0]:
            return None
        if (rare := rare_trigrams.find(self._source, self._whole)) is not None:
            most = rare_trigrams.MOST_CANDIDATES
            return FewStream(self._source, rare.expression, most), rare.cost
        if self._loose != self._expressions["images_fts"][0]:
            return _fts(self._source, "images_fts", " AND ".join(self._loose)), 0
        return None

    def _take(self, part: Node) -> None:
        is_unwanted = isinstance(part, Not)
        inner = part.part if isinstance(part, Not) else part
        if columns.condition(part) is not None:
            self._columns.append(part)
            rare = rare_stream(self._source, part)
            if rare is not None:
                self._rare.append((part, rare))
        elif (expression := expressions.texts(inner)) is not None:
            self._expressions["images_fts"][is_unwanted].append(expression)
            if not is_unwanted:
                self._loose.append(expressions.loose_texts(inner) or expression)
        elif (expression := expressions.grams(inner)) is not None:
            self._expressions["grams_fts"][is_unwanted].append(expression)
        elif isinstance(inner, Word):
            self._checks.append(part)
            if not is_unwanted:
                self._take(expressions.cover(inner))
        else:
            streams = self._unwanted if is_unwanted else self._wanted
            streams.append(partial(_stream, self._source, inner))

    def _ask_fts(self) -> None:
        """One question to each table."""
        for table, (wanted, unwanted) in self._expressions.items():
            lacking = f"({' OR '.join(unwanted)})"
            if wanted:
                having = f"({' AND '.join(wanted)})"
                expression = f"{having} NOT {lacking}" if unwanted else having
                self._wanted.append(partial(_fts, self._source, table, expression))
            elif unwanted:
                self._unwanted.append(partial(_fts, self._source, table, lacking))

    def _few(self) -> Stream:
        """Of the few that an index on rows knows those that fulfil all that is about rows.

        To look at their rows is cheaper than to look each of them up in an index of words.
        """
        for part, _ in self._rare:
            if isinstance(part, State) and not part.only_warned:
                others = And(tuple(other for other in self._columns if other is not part))
                return of_statuses(
                    self._source, part.statuses, columns.condition(others) or ("1", [])
                )
        streams = [stream() for _, stream in self._rare]
        found = streams[0] if len(streams) == 1 else AllOf(self._source, streams)
        check = partial(_fulfilling, self._source, And(tuple(self._columns)))
        return Checked(self._source, found, check, COLUMNS_COST)

    def _walk(self) -> None:
        """No index helps: every image is looked at."""
        condition, values = columns.condition(And(tuple(self._columns))) or ("1", [])
        self._columns = []
        self._wanted.append(lambda: WalkStream(self._source, condition, values))

    def _joined(self) -> Stream:
        if len(self._wanted) == 1 and not self._unwanted:
            return self._wanted[0]()
        return AllOf(
            self._source,
            [stream() for stream in self._wanted],
            [stream() for stream in self._unwanted],
        )

    def _checked(self, found: Stream) -> Stream:
        if self._columns and not self._rare:
            check = partial(_fulfilling, self._source, And(tuple(self._columns)))
            found = Checked(self._source, found, check, COLUMNS_COST)
        if self._checks:
            found = _compared(self._source, found, And(tuple(self._checks)))
        return found


def _compared(source: Source, found: Stream, node: Node) -> Stream:
    """Of `found` the hits of `node`, image by image."""
    return Checked(source, found, partial(_matching, source, node), DOCUMENT_COST)


def _fts(source: Source, table: str, expression: str) -> Stream:
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ?"  # noqa: S608  # one of two names
    return SqlStream(source, "rowid", sql, [expression])


def _unfolded(source: Source) -> Stream:
    sql = "SELECT id FROM images INDEXED BY images_to_index WHERE search_form < 2"
    return SqlStream(source, "id", sql, [], seek_cost=ROW_SEEK_COST)


def _some_unfolded(source: Source, most: int) -> list[int]:
    """Their keys; of those that have a place in the search's range."""
    rows = source.connection.execute(
        "SELECT id FROM images INDEXED BY images_to_index "
        "WHERE search_form < 2 AND id BETWEEN ? AND ? LIMIT ?",
        (source.first_id, source.last_id, most),
    ).fetchall()
    return [source.sign * row[0] for row in rows]


def _has_short_word(node: Node) -> bool:
    if isinstance(node, Word):
        return node.is_short
    if isinstance(node, Not):
        return _has_short_word(node.part)
    return isinstance(node, And | Or) and any(map(_has_short_word, node.parts))


def _fulfilling(source: Source, node: Node, ids: list[int]) -> set[int]:
    """Of these images those whose rows fulfil `node`."""
    condition, values = columns.condition(node) or ("1", [])
    rows = source.connection.execute(
        "SELECT i.id FROM images i WHERE i.id IN (SELECT value FROM json_each(?)) "  # noqa: S608
        f"AND {condition}",
        (json.dumps(ids), *values),
    )
    return {row[0] for row in rows}


def _matching(source: Source, node: Node, ids: list[int]) -> set[int]:
    """Of these images those that are hits of `node`, compared one by one."""
    numbers = any_part(node, Confidence) or any_part(node, Lines)
    found = documents.load(source.connection, ids, numbers=numbers)
    return {document.id for document in found if matching.matches(document, node)}


def _not_refuted(source: Source, node: Node, ids: list[int]) -> set[int]:
    """All but those that are not folded and no hits: their accents hid a word that is unwanted."""
    doubtful = documents.load(source.connection, ids, only_unfolded=True)
    return set(ids) - {document.id for document in doubtful if not matching.matches(document, node)}
