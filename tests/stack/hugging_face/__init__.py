"""A stand-in of Hugging Face on loopback: both dialects our client speaks, a real model, and faults on request.

It is a test double of somebody else's service; nothing of it is deployed.
"""

from tests.stack.hugging_face.control import StandInControl
from tests.stack.hugging_face.faults import Call, Fault, FaultKind
from tests.stack.hugging_face.model import FixedMatte, MattingModel, OneSided, Segmenter
from tests.stack.hugging_face.received import ReceivedRequest
from tests.stack.hugging_face.stand_in import HuggingFaceStandIn

__all__ = [
    "Call",
    "Fault",
    "FaultKind",
    "FixedMatte",
    "HuggingFaceStandIn",
    "MattingModel",
    "OneSided",
    "ReceivedRequest",
    "Segmenter",
    "StandInControl",
]
