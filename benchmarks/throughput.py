"""Pages a second: this service beside PaddleOCR's own pipeline, in turn, in one run.

    make throughput IMAGES=folder

A B A B …: machines are shared, so only the ratio of neighbours and its median count.
"""

import argparse
import statistics
import sys
from pathlib import Path

from machine import describe
from runs import run_paddle, run_service
from scoring import images_with_truth


def main() -> int:
    """Print the table; returns 1 when the service is slower."""
    parser = argparse.ArgumentParser(description="Pages a second, beside PaddleOCR.predict.")
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--model", choices=("small", "tiny"), default="small")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    images = images_with_truth(options.images)
    print(f"{describe()}\n{len(images)} images, PP-OCRv6 {options.model}\n")
    print(f"{'round':6} {'PaddleOCR.predict':>24} {'ocr_docker':>24} {'ratio':>7}")
    ratios = []
    for number in range(1, options.rounds + 1):
        theirs = run_paddle(images, options.model)
        ours = run_service(images, {"OCR_MODEL": options.model})
        ratios.append(ours.pages_per_second / theirs.pages_per_second)
        columns = [
            f"{run.pages_per_second:6.2f}/s {run.start_s:4.1f} s {run.peak_mb:5.0f} MB"
            for run in (theirs, ours)
        ]
        print(f"{number:<6} {columns[0]:>24} {columns[1]:>24} {ratios[-1]:7.2f}", flush=True)
    print("       (pages a second, start-up, peak memory of the process with the models)")
    print(f"\nmedian ratio: {statistics.median(ratios):.2f}")
    return 0 if statistics.median(ratios) >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
