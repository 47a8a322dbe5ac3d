"""How much of the known text is read right: this service beside PaddleOCR's own pipeline.

make accuracy IMAGES=folder        (images with a CSV of their text beside them)
"""

import argparse
import sys
from pathlib import Path

from machine import describe
from runs import run_paddle, run_service
from scoring import images_with_truth, score


def main() -> int:
    """Print the table; returns 1 when the service's F1 is below PaddleOCR's."""
    parser = argparse.ArgumentParser(description="Word precision, recall and F1.")
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--model", choices=("small", "tiny"), default="small")
    options = parser.parse_args()
    images = images_with_truth(options.images)
    scores = {
        "PaddleOCR.predict": score(run_paddle(images, options.model).texts),
        "ocr_docker": score(run_service(images, {"OCR_MODEL": options.model}).texts),
    }
    print(f"{describe()}\n{len(images)} images, PP-OCRv6 {options.model}\n")
    print(f"{'':20} {'precision':>9} {'recall':>9} {'F1':>9}")
    for name, (precision, recall, f1) in scores.items():
        print(f"{name:20} {precision:9.4f} {recall:9.4f} {f1:9.4f}")
    difference = scores["ocr_docker"].f1 - scores["PaddleOCR.predict"].f1
    print(f"\ndifference in F1: {difference:+.4f}")
    return 0 if difference >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
