"""RapidOCR, image by image, with its defaults and the models in its own package.

Its defaults are PP-OCRv6 small for both stages and a classifier of line orientation.
"""

from importlib.metadata import version

from peer_protocol import Job, Peer, serve


def load(job: Job) -> Peer:
    """The reader; the package brings the small models along and fetches nothing for them."""
    if job.model != "small":
        raise SystemExit("error: RapidOCR's package holds the small models only.")
    from rapidocr import RapidOCR

    reader = RapidOCR()

    def read(images: list[str]) -> list[str]:
        return ["\n".join(reader(image).txts or ()) for image in images]

    return Peer(read, f"onnxruntime {version('onnxruntime')}; its package's files")


if __name__ == "__main__":
    serve(load)
