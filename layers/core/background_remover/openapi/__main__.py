"""Prints the document as it is kept in functions/docs/openapi.json."""

import json
import sys

from background_remover.openapi.document import document


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
