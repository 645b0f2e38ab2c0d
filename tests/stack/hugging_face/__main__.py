"""Runs the stand-in until it is interrupted: `python -m tests.stack.hugging_face --port N --token T --weights PATH`."""

import argparse
import contextlib
import signal
from pathlib import Path

from tests.stack.hugging_face.model import FixedMatte, MattingModel, Segmenter
from tests.stack.hugging_face.stand_in import HuggingFaceStandIn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", required=True, help="the only Bearer token that is accepted")
    parser.add_argument("--weights", type=Path, help="u2netp.onnx; without it every matte is the same ellipse")
    parser.add_argument("--threads", type=int, default=2, help="of the model")
    arguments = parser.parse_args()
    model: MattingModel = Segmenter(arguments.weights, arguments.threads) if arguments.weights else FixedMatte()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stand_in = HuggingFaceStandIn(arguments.token, model, arguments.port, arguments.host)
    with contextlib.suppress(KeyboardInterrupt), stand_in:
        print(stand_in.url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
