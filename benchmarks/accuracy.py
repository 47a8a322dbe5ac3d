"""How much of the known text is read right: this service beside PaddleOCR's own pipeline.

make accuracy IMAGES=folder        (images with a CSV of their text beside them)
"""

import argparse
import sys
from pathlib import Path

from contestants import ours, peer, set_up
from machine import describe
from scoring import images_with_truth, score


def main() -> int:
    """Print the table; returns 1 when the service's F1 is below PaddleOCR's."""
    parser = argparse.ArgumentParser(description="Word precision, recall and F1.")
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--model", choices=("small", "tiny"), default="small")
    options = parser.parse_args()
    images = images_with_truth(options.images)
    set_up("paddleocr")
    scores = {
        "PaddleOCR.predict": score(peer("paddleocr", options.model).run(images).texts),
        "ocr_docker": score(ours(options.model).run(images).texts),
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
