"""PaddleOCR's own pipeline over the images on the command line; prints one line of JSON.

python paddle_predict.py MODELS_FOLDER small|tiny IMAGE …
"""

import json
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    """Load, warm up with the first image, read them all."""
    started = time.monotonic()
    from paddleocr import PaddleOCR

    models, size, *images = sys.argv[1:]
    names = {kind: f"PP-OCRv6_{size}_{kind}" for kind in ("det", "rec")}
    pipeline = PaddleOCR(
        text_detection_model_name=names["det"],
        text_detection_model_dir=str(Path(models) / names["det"]),
        text_recognition_model_name=names["rec"],
        text_recognition_model_dir=str(Path(models) / names["rec"]),
        engine="onnxruntime",
        device="cpu",
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
    )
    start_s = time.monotonic() - started
    pipeline.predict(images[0])
    begun = time.monotonic()
    texts = {image: "\n".join(pipeline.predict(image)[0]["rec_texts"]) for image in images}
    result = {
        "texts": texts,
        "seconds": time.monotonic() - begun,
        "start_s": start_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write("\n" + json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
