"""What pages of a context said on their console and whom they asked."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError


class Watch:
    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        """Of all pages: uncaught exceptions, and what stands on the console as an error, oldest first."""
        self.asked: list[Request] = []
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("request", self._note)

    def take(self, pattern: str) -> list[str]:
        """Removes and returns the errors in which the pattern is found: those that a test wants. At least one is."""
        found = [error for error in self.errors if re.search(pattern, error)]
        assert found, f"no error has {pattern!r}: {self.errors}"
        self.errors = [error for error in self.errors if error not in found]
        return found

    def origins(self) -> set[str]:
        """Of whom something was asked over the network, what the page's policy kept back included."""
        addresses = [urlsplit(request.url) for request in self.asked]
        return {f"{each.scheme}://{each.netloc}" for each in addresses if each.scheme not in ("blob", "data")}

    def images_without_cors(self, origin: str) -> list[str]:
        """Of that origin. A browser keeps such an image, and refuses it to `fetch` later: no header lets it be read."""
        images = [request for request in self.asked if request.resource_type == "image"]
        return [each.url for each in images if each.url.startswith(origin) and "origin" not in each.headers]

    def _note(self, request: Request) -> None:
        self.asked.append(request)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _catch(self, error: WebError) -> None:
        self.errors.append(str(error.error))
