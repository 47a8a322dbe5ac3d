"""PaddleOCR's own pipeline, image by image: `PaddleOCR(...).predict` with its defaults.

Left off is what reads no text: orientation and unwarping of documents, orientation of lines.
"""

from importlib.metadata import version
from pathlib import Path

from peer_protocol import Job, Peer, serve


def load(job: Job) -> Peer:
    """The pipeline on the project's own model files, with ONNX Runtime on the CPU."""
    from paddleocr import PaddleOCR

    names = {kind: f"PP-OCRv6_{job.model}_{kind}" for kind in ("det", "rec")}
    pipeline = PaddleOCR(
        text_detection_model_name=names["det"],
        text_detection_model_dir=str(Path(job.models) / names["det"]),
        text_recognition_model_name=names["rec"],
        text_recognition_model_dir=str(Path(job.models) / names["rec"]),
        engine="onnxruntime",
        device="cpu",
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
    )

    def read(images: list[str]) -> list[str]:
        return ["\n".join(pipeline.predict(image)[0]["rec_texts"]) for image in images]

    return Peer(read, f"predict, onnxruntime {version('onnxruntime')}; our files")


if __name__ == "__main__":
    serve(load)
