"""This project beside its peers on the same images, in turn, in one run.

    make bench [IMAGES=folder] [ROUNDS=3] [LIMIT=n] [PEERS="rapidocr tesseract"] [ISA=avx2]

Without IMAGES it reads pages of A4 at 150, 200 and 300 dots an inch in turn, which it draws (the
suite `print` of `make accuracy`). With ISA=avx2 all compute as on a processor that has no more
(`processor_mask`).

A B C D, A B C D, …: each a fresh process that first reads one image for nothing. Prints medians,
the ratios of neighbours and the targets; writes all to benchmarks/results/. A missed target is
a finding and no error; a peer that fails is shown as failed, and the rest goes on. The column
"other load" tells how much of the machine other work took meanwhile: above a few percent only
the ratios mean something, and far above nothing does.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TypeVar

import processor_mask
import setup_fonts
from bench_figures import (
    Failure,
    Figures,
    Outcome,
    Round,
    Verdict,
    figures_of,
    own_targets,
    speed_target,
)
from bench_tables import figures_table, ratios_table, targets_table
from contestants import OURS, PEERS, Contestant, line_up, set_up
from drawing import prints
from machine import describe, machine
from other_load import OtherLoad
from peer_process import PeerError
from project import ROOT, ToolError, say
from result_files import write_results
from running_service import ServiceError
from scoring import images_with_truth

SMALL, TINY = f"{OURS} small", f"{OURS} tiny"
FACTORS = {
    (SMALL, "paddleocr small"): 4.0,
    (SMALL, "rapidocr small"): 4.5,
    (SMALL, "faster-paddle small"): 2.0,
    (TINY, "faster-paddle tiny"): 1.7,
}
"""How many times the peer's pages a second are wanted."""
FACTORS_OF_AVX2 = {
    **{pair: 1.8 for pair in FACTORS if pair[0] == SMALL},
    (TINY, "faster-paddle tiny"): 1.6,
}
"""The same on a processor without bf16 and AMX: less is won there by computing in few bits."""
_JPEG_QUALITY = 90
_NO_PLACE = "0," * 8
"""Of a line in a CSV: only its text is scored."""
Item = TypeVar("Item")
_COMPARED = [*FACTORS, (SMALL, "tesseract eng")]


def main() -> int:
    """Print and write the figures; returns 1 only when this project itself failed."""
    parser = argparse.ArgumentParser(description="Speed, accuracy and memory beside peers.")
    parser.add_argument("--images", type=Path, help="with a CSV beside each; else drawn A4 pages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=0, help="only so many images; 0: all")
    parser.add_argument("--peers", default=" ".join(PEERS), help="of: %(default)s")
    parser.add_argument("--isa", choices=processor_mask.ISAS, help="hide what is beyond it")
    options = parser.parse_args()
    if options.isa:
        processor_mask.put_on(options.isa)
    try:
        contestants = line_up(options.peers.replace(",", " ").split())
    except ValueError as error:
        parser.error(str(error))
    failed = prepare(contestants)
    with tempfile.TemporaryDirectory(prefix="ocr-bench-a4-") as folder:
        source = options.images or drawn_pages(Path(folder), options.limit)
        images = evenly(distinct(images_with_truth(source)), options.limit)
        print(f"{describe()}\n{len(images)} images, {options.rounds} rounds\n", flush=True)
        rounds = race(contestants, images, options.rounds, failed)
    found = verdicts(rounds, contestants)
    titles = {contestant.key: contestant.title for contestant in contestants}
    pairs = {
        pair: f"{titles[pair[0]]} / {titles[pair[1]]}"
        for pair in _COMPARED
        if set(pair) <= set(titles)
    }
    tables = "\n\n".join(
        [figures_table(rounds, titles), ratios_table(rounds, pairs), targets_table(found)]
    )
    print(f"\n{tables}\n")
    raw = {
        "images": len(images),
        "rounds": [{key: as_json(one) for key, one in each.items()} for each in rounds],
        "targets": [verdict._asdict() for verdict in found],
    }
    head = f"{len(images)} images, {options.rounds} rounds; medians over the rounds."
    path = write_results("bench", raw, f"{head}\n\n{tables}")
    print(f"written: {path.relative_to(ROOT)} and .md beside it")
    ours = [one for each in rounds for key, one in each.items() if key.startswith(OURS)]
    return 1 if any(isinstance(one, Failure) for one in ours) else 0


def drawn_pages(folder: Path, limit: int = 0) -> Path:
    """Office pages of A4 with their text, drawn into the folder, at most `limit`; 0: all 36."""
    setup_fonts.main()
    for number, recipe in enumerate(prints.recipes()[: limit or None]):
        drawing = recipe.draw()
        path = folder / f"{number:03d}.jpg"
        drawing.image.save(path, quality=_JPEG_QUALITY)
        rows = "".join(f"{_NO_PLACE}{line}\n" for line in drawing.lines)
        path.with_suffix(".csv").write_text(rows, encoding="utf-8")
    return folder


def prepare(contestants: list[Contestant]) -> dict[str, Failure]:
    """Install what the peers need; by product, why one cannot take part."""
    failed = {}
    for product in dict.fromkeys(one.product for one in contestants if one.product != OURS):
        try:
            set_up(product)
        except ToolError as error:
            say(str(error))
            failed[product] = Failure(f"not installed: {str(error).splitlines()[-1].rstrip('.')}")
    return failed


def race(
    contestants: list[Contestant], images: list[Path], count: int, failed: dict[str, Failure]
) -> list[Round]:
    """All of them in turn, `count` times. One that failed once does not run again."""
    out: Round = {one.key: failed[one.product] for one in contestants if one.product in failed}
    rounds = []
    for number in range(1, count + 1):
        found: Round = {}
        for contestant in contestants:
            outcome = out.get(contestant.key) or _one(contestant, images)
            if isinstance(outcome, Failure):
                out[contestant.key] = outcome
                say(f"round {number}: {contestant.title:28} failed: {outcome.reason}")
            else:
                speed = f"{outcome.pages_per_second:6.2f} pages/s, F1 {outcome.f1:.4f}"
                say(f"round {number}: {contestant.title:28} {speed}, {outcome.peak_mb:5.0f} MB")
            found[contestant.key] = outcome
        rounds.append(found)
    return rounds


def _one(contestant: Contestant, images: list[Path]) -> Outcome:
    try:
        with OtherLoad() as others:
            run = contestant.run(images)
        core_s = others.own_s / max(len(images), 1)
        return figures_of(run)._replace(other_load=others.share, core_s=core_s)
    except (PeerError, ServiceError, OSError) as error:
        return Failure(" ".join(str(error).split()))


def verdicts(rounds: list[Round], contestants: list[Contestant]) -> list[Verdict]:
    """All targets that this line-up can be held to."""
    peers = [one.key for one in contestants if one.product != OURS and one.model != "tiny"]
    keys = {one.key for one in contestants}
    factors = FACTORS_OF_AVX2 if machine()["masked"] else FACTORS
    found = [
        speed_target(rounds, ours, peer, factor)
        for (ours, peer), factor in factors.items()
        if {ours, peer} <= keys
    ]
    return found + own_targets(rounds, SMALL, peers)


def distinct(images: list[Path]) -> list[Path]:
    """Without those that repeat another: this service would read such a one once only."""
    return list({hashlib.sha256(image.read_bytes()).digest(): image for image in images}.values())


def evenly(images: list[Item], limit: int) -> list[Item]:
    """At most `limit` of them, spread over the whole list; all of them for 0."""
    if not 0 < limit < len(images):
        return images
    return [images[at * len(images) // limit] for at in range(limit)]


def as_json(outcome: Outcome) -> dict[str, object]:
    """For the file of raw figures."""
    if isinstance(outcome, Figures):
        return outcome._asdict()
    return {"failed": outcome.reason}


if __name__ == "__main__":
    sys.exit(main())
