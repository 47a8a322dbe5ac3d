"""How one page is read: found, turned upright, cut into lines, recognised, put in order.

What the models answer comes from `text_models`; many pages are read at the same time, each in
a thread of its own.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.text_models import TextModels
from image_warnings import ImageWarning
from ocr_contract.doubt import Reason
from ocr_contract.error_codes import ErrorCode
from page_records import Line
from reading import joined_letters, orientation, unread_script
from reading.axis_titles import are_axis_titles, rotation_by_axes
from reading.bent_pages import with_straight_rows
from reading.blurred_print import blurred_apart, blurred_warning
from reading.cut_leaders import LinesAsRead, read_cleaned
from reading.ink import has_ink, with_more_contrast
from reading.judged_lines import Judge, judged, page_unsure
from reading.layout.paragraphs import paragraph_numbers
from reading.line_crops import crop_line, grown, turned
from reading.line_reading import LONG, UPRIGHT, Reading, read_ways
from reading.lines_on_head import with_lines_on_head
from reading.lone_signs import SURE_OF_FEW, are_text
from reading.machine_zone import with_machine_zones
from reading.other_script_lines import (
    OtherScripts,
    SecondRecogniser,
    other_script_warning,
    second_reading_warning,
    seldom_letters_warning,
)
from reading.page_search import find_lines
from reading.page_words import with_page_words
from reading.read_page import ReadPage
from reading.reading_order import reading_order
from reading.row_contents import with_all_in_rows
from reading.seldom_letters import with_doubted_capitals
from reading.stamps import Box, beneath_stamp, find_stamps, stamp_alone

_SURE_ON_AGAIN = 0.8
"""What only a second look finds must read so well: it is made where there may be no text at all."""
_NO_TEXT_FOUND = ImageWarning(
    "no_text_found",
    "Something is on this page, but no text was found. Look at the picture; if it has text, a "
    "sharper or larger scan may help.",
)
_STAMP_OVER_TEXT = ImageWarning(
    "stamp_over_text",
    "A stamp or a pen's ink lies over text on this page; check the words beneath it.",
)
_SCRAP, _SURE_ANEW = 2, 0.9
"""Where a stamp or a pen crosses lines that were found, so many signs are a piece of its strokes,
and all lines beneath it must read so well."""
_LINES_FOR_SECOND = 5
"""So many of the longest lines tell which way up a page stands in a language that is set up."""
_LINES_FOR_SHAPE = 12
"""And of so many the shape, where nobody reads them."""
_SEES_NOTHING = 0.3
"""The page classifier's largest share where the middle of a page, which it sees, is empty: 0.26."""


class Engine(Protocol):
    """The seam to the models: tests put an engine here that fails in every known way."""

    def read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
        """Read one page; called from several threads. `told_upright`: its file says which way up
        it was taken, and `page` stands so."""


class PageEngine:
    """Reads pages with three models."""

    def __init__(
        self,
        models: TextModels,
        *,
        detection_side: int,
        orientation: bool,
        second: SecondRecogniser | None = None,
        judge: Judge = judged,
    ) -> None:
        """`detection_side` is the longest side, in pixels, at which text is searched; `second`
        reads the languages that are set up."""
        self._models = models
        self._scripts = OtherScripts(second)
        self._detection_side = detection_side
        self._orientation = orientation
        self._judge = judge

    def read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
        """As `Engine.read`."""
        return self._with_blur_told(self._looked_at(page, told_upright=told_upright))

    def _with_blur_told(self, found: ReadPage) -> ReadPage:
        """Blurred lines are no lines in another script."""
        lines = blurred_apart(found.pixels, found.lines)
        before, after = (sum(line.is_unspelled for line in each) for each in (found.lines, lines))
        if before == after:
            return found
        kept = [each for each in found.warnings if each.code != ErrorCode.OTHER_SCRIPT]
        if after:
            kept.append(other_script_warning(after, any_is_read=self._scripts.any_is_read))
        warnings = (*kept, blurred_warning(before - after))
        return dataclasses.replace(found, lines=lines, warnings=warnings)

    def _looked_at(self, page: Pixels, *, told_upright: bool) -> ReadPage:
        """A page with ink is called blank only after a second look."""
        found = self._read(page, told_upright=told_upright)
        found = with_straight_rows(
            found,
            lambda page: self._read(page, told_upright=told_upright and not found.rotation),
            in_haste=not self._orientation,
        )
        if any(not line.is_unspelled for line in found.lines) or not has_ink(page):
            return found
        again = self._look_again(page)
        if again is not None and _reads_more(again, found):
            return again
        return found if found.lines else dataclasses.replace(found, warnings=(_NO_TEXT_FOUND,))

    def _look_again(self, page: Pixels) -> ReadPage | None:
        """What other eyes see: with more contrast, inverted, or with the page on its side."""
        for look in (with_more_contrast(page), 255 - page):
            found = self._read(look)
            if lines := _sure_lines(found):
                upright = turned(page, found.rotation)
                return dataclasses.replace(found, pixels=upright, lines=lines)
        if not self._orientation:
            return None
        found = self._read(turned(page, 90))
        lines = _sure_lines(found)
        rotation = (found.rotation + 90) % 360
        return dataclasses.replace(found, rotation=rotation, lines=lines) if lines else None

    def _read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
        polygons = self._detect(page)
        if not self._orientation or len(polygons) == 0:
            return self._finished(page, polygons, self._readings(page, polygons), 0)
        shares = self._models.page_shares(page)
        readings = None
        if orientation.looks_upright(polygons, shares):
            readings = self._readings(page, polygons)
            if orientation.reads_upright(readings, polygons):
                return self._finished(page, polygons, readings, 0)
        known = {i: read for i, read in enumerate(readings or ()) if read.way == UPRIGHT}
        asked = self._evidence(page, polygons, shares, known)
        if (greek := unread_script.rotation_of_greek(asked.texts)) is not None:
            rotation = greek
        elif (
            not (asked.surest or told_upright)
            and unread_script.is_unread(asked.surest_short)
            and (joined := self._rotation_of_shape(page, polygons, shares)) is not None
        ):
            rotation = joined
        elif not unread_script.is_unread(asked.surest):
            seen = self._seen(page, polygons, shares)
            rotation = orientation.rotation(asked.evidence, seen, told_upright=told_upright)
            by_axes = rotation_by_axes(page, polygons[asked.lines], asked.evidence)
            if by_axes is not None:
                rotation = 0 if told_upright else by_axes
            elif are_axis_titles(page, polygons, rotation):
                rotation = 0
        else:
            rotation = self._rotation_of_unread(
                page, polygons, shares, len(asked.surest), told_upright=told_upright
            )
        if rotation == 0:
            readings = readings or self._readings(page, polygons, known)
            return self._finished(page, polygons, readings, 0)
        upright = turned(page, rotation)
        polygons = self._detect(upright)  # lines that lie are found less well
        return self._finished(upright, polygons, self._readings(upright, polygons), rotation)

    def _evidence(
        self,
        page: Pixels,
        polygons: Polygons,
        shares: Sequence[float],
        known: dict[int, Reading],
    ) -> "_Asked":
        """What the page's lines, as far as they are asked, say about the way it stands; `known`
        are readings as the page lies, by index, and gets those that are made."""
        indices: list[int] = []
        found: list[orientation.Evidence] = []
        surest: list[float] = []
        surest_short: list[float] = []
        texts: dict[int, list[str]] = {turn: [] for turn in orientation.TURNS}
        recognise = self._models.recognise
        for group in orientation.lines_to_ask(polygons):
            crops = [crop_line(page, polygons[index]) for index in group]
            before = [[known[index]] if index in known else [] for index in group]
            ways = [
                [way for way in orientation.ways_to_ask(crop) if way != UPRIGHT or not read]
                for crop, read in zip(crops, before, strict=True)
            ]
            anew = read_ways(crops, ways, recognise)
            asked = [[*read, *more] for read, more in zip(before, anew, strict=True)]
            known |= {
                index: reading
                for index, lines in zip(group, asked, strict=True)
                for reading in lines
                if reading.way == UPRIGHT
            }
            columns = read_ways(crops, [*map(orientation.columns_to_ask, asked)], recognise)
            indices += group
            found += [
                orientation.evidence([*lines, *more], orientation.base_turn(polygons[index]))
                for index, lines, more in zip(group, asked, columns, strict=True)
            ]
            for crop, lines, more in zip(crops, asked, columns, strict=True):
                is_long = max(crop.shape[:2]) > LONG * min(crop.shape[:2])
                best = max([*lines, *more], key=lambda reading: reading.confidence)
                is_running = is_long or orientation.is_word(best)
                (surest if is_running else surest_short).append(best.confidence)
            for index, lines in zip(group, asked, strict=True):
                base = orientation.base_turn(polygons[index])
                for reading in lines:
                    texts[(base + reading.way.turn) % 360].append(reading.text)
            if orientation.is_clear(found, shares):
                break
        return _Asked(indices, found, surest, surest_short, texts)

    def _rotation_of_unread(
        self,
        page: Pixels,
        polygons: Polygons,
        shares: Sequence[float],
        lines: int,
        *,
        told_upright: bool,
    ) -> int:
        """As `orientation.rotation`, where nobody can read the letters or only the second
        recogniser; so many `lines` of running text were asked."""
        if (reads := self._rotation_that_reads(page, polygons)) is not None:
            return reads
        if told_upright:
            return 0
        if (joined := self._rotation_of_shape(page, polygons, shares)) is not None:
            return joined
        if not orientation.on_their_side(polygons):
            return 0
        return unread_script.rotation_of_lying(self._seen(page, polygons, shares), lines)

    def _rotation_of_shape(
        self, page: Pixels, polygons: Polygons, shares: Sequence[float]
    ) -> int | None:
        """As `orientation.rotation`, of joined letters and Hangul; None where the lines do not
        look so, or the page classifier speaks against it."""
        axis, crops = _along_one_axis(page, polygons, _LINES_FOR_SHAPE)
        stand = joined_letters.stand(crops)
        if stand is None:
            return None
        turn = axis if stand else axis + 180
        if turn == 0:
            return 0
        seen = self._seen(page, polygons, shares)
        return turn if seen[turn] > seen[0] else None

    def _rotation_that_reads(self, page: Pixels, polygons: Polygons) -> int | None:
        """As `orientation.rotation`, by the second recogniser; None where it cannot tell."""
        if not self._scripts.any_is_read:
            return None
        wider = np.array([grown(polygon) for polygon in polygons])
        axis, crops = _along_one_axis(page, wider, _LINES_FOR_SECOND)
        read = {
            axis + more: self._scripts.reads([turned(crop, more) for crop in crops])
            for more in (0, 180)
        }
        return unread_script.rotation_that_reads(read)

    def _seen(self, page: Pixels, polygons: Polygons, shares: Sequence[float]) -> dict[int, float]:
        """What the page classifier says in all four positions, of which `shares` are the first: of
        one alone it is often wrong. It sees the middle of a page; where nothing stands there, it
        is asked about the place of the lines."""
        if max(shares) < _SEES_NOTHING:
            page = orientation.part_around(page, polygons)
            shares = self._models.page_shares(page)
        others = [self._models.page_shares(turned(page, turn)) for turn in orientation.TURNS[1:]]
        return orientation.seen_in_all_positions([shares, *others])

    def _readings(
        self, page: Pixels, polygons: Polygons, known: Mapping[int, Reading] | None = None
    ) -> list[Reading]:
        recognise = self._models.recognise
        readings = read_cleaned(page, polygons, recognise, known or {})
        return with_lines_on_head(page, polygons, readings, recognise)

    def _finished(
        self, page: Pixels, polygons: Polygons, readings: list[Reading], rotation: int
    ) -> ReadPage:
        """The upright page, its lines read anew where a stamp lies over them."""
        covered = False
        for stamp in find_stamps(page):
            place = stamp.with_lines(polygons, page)
            hidden = place.hides_text(page, polygons)
            if not hidden and not place.crosses_text(page, polygons):
                continue
            if not hidden and not stamp.is_large(page):
                covered = True
                continue
            inside = place.holds(polygons)
            found, anew = self._read_layers(page, place)
            before = [reading for reading, is_in in zip(readings, inside, strict=True) if is_in]
            if not hidden:
                found, anew = _without_scraps(found, anew, {reading.text for reading in before})
            is_sure = hidden or all(each.confidence >= _SURE_ANEW for each in anew)
            if is_sure and _text_read(anew) > _text_read(before):
                kept = [
                    reading for reading, is_in in zip(readings, inside, strict=True) if not is_in
                ]
                polygons, readings = np.concatenate([polygons[~inside], found]), [*kept, *anew]
            covered = covered or bool(before)
        polygons, readings = with_all_in_rows(page, polygons, readings, self._models.recognise)
        readings = self._settled(page, polygons, readings)
        found_page = _read_page(page, polygons, readings, rotation, self._judge)
        marked = sum(line.is_unspelled for line in found_page.lines)
        warnings = [_STAMP_OVER_TEXT] if covered else []
        if marked:
            warnings.append(other_script_warning(marked, any_is_read=self._scripts.any_is_read))
        if lost := sum(
            line.doubt_reason == Reason.SECOND_READING_FAILED for line in found_page.lines
        ):
            warnings.append(second_reading_warning(lost))
        if language := self._scripts.seldom_read([line.text for line in found_page.lines]):
            any_is_read = self._scripts.any_is_read
            warnings.append(seldom_letters_warning(language, any_is_read=any_is_read))
            lines = tuple(map(language.doubted, found_page.lines))
            found_page = dataclasses.replace(found_page, lines=lines)
        found_page = dataclasses.replace(found_page, lines=with_doubted_capitals(found_page.lines))
        return dataclasses.replace(found_page, warnings=tuple(warnings))

    def _settled(
        self, page: Pixels, polygons: Polygons, readings: Sequence[Reading]
    ) -> list[Reading]:
        """Lines of other scripts marked, or read by whoever can."""
        return self._scripts.settle(
            LinesAsRead(page, polygons, readings),
            readings,
            lambda number: crop_line(page, grown(polygons[number])),
        )

    def _read_layers(self, page: Pixels, place: Box) -> tuple[Polygons, list[Reading]]:
        """The lines beneath a stamp, and the stamp's own."""
        part = place.of(page)
        lines, read = self._found(beneath_stamp(part))
        own, own_read = self._found(stamp_alone(part))
        corner = np.array([place.left, place.top], dtype=np.float32)
        return np.concatenate([lines, own]) + corner, [*read, *own_read]

    def _found(self, page: Pixels) -> tuple[Polygons, list[Reading]]:
        polygons = self._detect(page)
        return polygons, self._readings(page, polygons)

    def _detect(self, page: Pixels) -> Polygons:
        return find_lines(page, self._models.detect, self._detection_side)


def _along_one_axis(page: Pixels, polygons: Polygons, count: int) -> tuple[int, list[Pixels]]:
    """The longest lines that share the longest one's axis, as they stand after the page is turned
    by that, 0 or 90."""
    axis, chosen = orientation.longest_along_one_axis(polygons, count)
    lines = [polygons[index] for index in chosen]
    return axis, [
        turned(crop_line(page, line), (axis - orientation.base_turn(line)) % 360) for line in lines
    ]


class _Asked(NamedTuple):
    """What lines say about the way in which a page stands."""

    lines: list[int]
    """Which were asked, by index."""
    evidence: list[orientation.Evidence]
    """What each says."""
    surest: list[float]
    """Of each line or word, the confidence in the way in which it reads best."""
    surest_short: list[float]
    """The same of the others."""
    texts: dict[int, list[str]]
    """What is read after each turn of the page."""


def _read_page(
    page: Pixels, polygons: Polygons, readings: Sequence[Reading], rotation: int, judge: Judge
) -> ReadPage:
    """The upright page with its lines in reading order; those without text are left out."""
    vertical = bool(readings) and 2 * sum(r.way.stacked for r in readings) > len(readings)
    texts = [reading.text for reading in readings]
    order = reading_order(polygons, vertical=vertical, page=page, texts=texts)
    is_text = are_text(readings, polygons)
    order = [index for index in order if is_text[index]]
    paragraphs = paragraph_numbers(
        polygons[order], [texts[index] for index in order], vertical=vertical
    )
    unsure = page_unsure(readings[index] for index in order)
    lines = [
        dataclasses.replace(judge(readings[index], polygons[index], unsure), paragraph=number)
        for index, number in zip(order, paragraphs, strict=True)
    ]
    lines = with_machine_zones(with_page_words(lines))
    return ReadPage(pixels=page, rotation=rotation, lines=tuple(lines))


def _sure_lines(page: ReadPage) -> tuple[Line, ...]:
    """Where any is sure: those, and the ones that nobody can spell, which are text as well."""
    if all(line.confidence < _SURE_ON_AGAIN for line in page.lines):
        return ()
    return tuple(
        line for line in page.lines if line.confidence >= _SURE_ON_AGAIN or line.is_unspelled
    )


def _reads_more(again: ReadPage, found: ReadPage) -> bool:
    """Whether a second look is better than a first one, which could spell no line: what is marked
    there stays, unless at least half as many lines can be spelled now."""
    spelled = sum(not line.is_unspelled for line in again.lines)
    return not found.lines or 2 * spelled > len(found.lines)


def _without_scraps(
    polygons: Polygons, readings: Sequence[Reading], before: Collection[str]
) -> tuple[Polygons, list[Reading]]:
    """Without a sign or two that were not read before: pieces of strokes, or of what they cut."""
    kept = [len(each.text.strip()) > _SCRAP or each.text in before for each in readings]
    whole = [reading for reading, is_kept in zip(readings, kept, strict=True) if is_kept]
    return polygons[np.array(kept, dtype=bool)], whole


def _text_read(readings: Sequence[Reading]) -> float:
    """How much was read, and how surely."""
    sure = [reading for reading in readings if reading.confidence >= SURE_OF_FEW]
    return sum(len(reading.text) * reading.confidence for reading in sure)
