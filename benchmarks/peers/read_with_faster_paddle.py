"""faster-paddle, all images in one call of its batch interface, with its defaults.

Both sizes of the models are inside its package, as is ONNX Runtime.
"""

from pathlib import Path

from peer_protocol import Job, Peer, serve


def load(job: Job) -> Peer:
    """The engine of the wanted size."""
    from faster_paddle import OcrEngine

    engine = OcrEngine(model_size=job.model)

    def read(images: list[str]) -> list[str]:
        results = engine.ocr_batch([Path(image).read_bytes() for image in images])
        return [str(result["text"]) for result in results]

    return Peer(read, f"ocr_batch, {engine.config['threads']} threads; its package's files")


if __name__ == "__main__":
    serve(load)
