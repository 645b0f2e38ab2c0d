import base64
import json

import pytest

from tests.stack.deploy import HUGGING_FACE_TOKEN
from tests.stack.local_stack import PASSWORD
from tests.stack.spilled import spilled

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3ZDlmMGM1MiJ9.c2lnbmF0dXJl"
LINK = "https://images.s3.amazonaws.com/results/7c1d/01.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=3f9c"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("the Hugging Face token", {"detail": f"Invalid token {HUGGING_FACE_TOKEN}"}),
        ("a password", {"password": PASSWORD}),
        ("an API key", {"key": "brp_q83N4lbF6DkzZcZ7mE0xPqkQq8n0o2m1tq6uV5w4y3A"}),
        ("a JWT", {"token": JWT}),
        ("a header of authorization", {"headers": {"Authorization": "Bearer opaque-token"}}),
        ("a header of authorization", {"authorizationToken": "opaque-token"}),
        ("a signed link or form", {"url": LINK}),
        ("a signed link or form", {"fields": {"policy": base64.b64encode(b'{"expiration": "2026"}').decode()}}),
        ("a signed link or form", {"fields": {"AWSAccessKeyId": "AKIA"}}),
        ("an e-mail address", {"email": "anna.meier+2@example.com"}),
        ("an image", {"body": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()}),
        ("an image", {"body": base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(100)).decode()}),
        ("an image", {"body": base64.b64encode(bytes(range(250))).decode()}),
        ("an image", {"body": str(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")}),
    ],
)
def test_what_may_not_be_logged_is_found(kind: str, message: object) -> None:
    assert kind in [found.partition(":")[0] for found in spilled(json.dumps(message))]


@pytest.mark.parametrize(
    "message",
    [
        {"message": "Refused", "code": "unauthorized", "detail": "Send Authorization: Bearer with a valid token."},
        {"job_id": "01a20ce405c07d1f4c0e6a93b5d82e41", "user_id": "7d9f0c52-4b1e-4a8e-9d57-0f6f2c1b7a3e"},
        {
            "xray_trace_id": "1-692a0c5b-0123456789abcdef01234567",
            "function_arn": "arn:aws:lambda:us-east-1:0:function:a",
        },
        {"key": "results/7d9f0c52-4b1e-4a8e-9d57-0f6f2c1b7a3e/01a20ce405c07d1f4c0e6a93b5d82e41.png"},
    ],
)
def test_ordinary_lines_are_left_alone(message: object) -> None:
    assert spilled(json.dumps(message)) == []
