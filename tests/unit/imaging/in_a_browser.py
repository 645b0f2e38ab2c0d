"""By hand, as not every machine has a browser: `python -m tests.unit.imaging.in_a_browser [chromium]`.

Chromium decodes what our writers make, by createImageBitmap without premultiplication and colour conversion; WebGL
reads its pixels back, which a 2D canvas would premultiply.
"""

import base64
import json
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np

from imaging.png import write_png
from imaging.webp import write_lossless_webp, write_lossy_webp
from tests.unit.imaging.images import display_p3

PAGE = """<!doctype html><script>
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
async function pixels(type, content) {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const options = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), options);
  const gl = document.createElement("canvas").getContext("webgl2");
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const read = new Uint8Array(4 * bitmap.width * bitmap.height);
  gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, read);
  return base64(read);
}
(async () => {
  const seen = {};
  for (const [name, [type, content]] of Object.entries(FILES)) {
    seen[name] = await pixels(type, content).catch((error) => String(error));
  }
  await fetch("/", { method: "POST", body: JSON.stringify(seen) });
})();
</script>"""
FLAGS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


def main(browser: str) -> bool:
    rgba = np.random.default_rng(0).integers(0, 256, (48, 64, 4), dtype=np.uint8)
    rgba[:, :20, 3], rgba[:, 50:] = 255, 0
    rgba[rgba[:, :, 3] == 0] = 0
    profile, _ = display_p3()
    files = {
        "PNG": ("image/png", write_png(rgba)),
        "PNG with a profile": ("image/png", write_png(rgba, profile)),
        "lossless WebP": ("image/webp", write_lossless_webp(rgba)),
        "lossless WebP with a profile": ("image/webp", write_lossless_webp(rgba, profile)),
        "lossy WebP, its alpha": ("image/webp", write_lossy_webp(rgba, 90, profile)),
    }
    everything = True
    for name, seen in seen_by(browser, files).items():
        pixels = np.frombuffer(base64.b64decode(seen), np.uint8).reshape(rgba.shape)
        channels = slice(3, 4) if "alpha" in name else slice(0, 4)
        is_exact = np.array_equal(pixels[:, :, channels], rgba[:, :, channels])
        print(f"{name}: {'exact' if is_exact else 'NOT exact'}")
        everything &= is_exact
    return everything


def seen_by(browser: str, files: dict[str, tuple[str, bytes]]) -> dict[str, str]:
    encoded = {name: (kind, base64.b64encode(content).decode()) for name, (kind, content) in files.items()}
    page = PAGE.replace("FILES", json.dumps(encoded)).encode()
    answers: list[dict[str, str]] = []
    answered = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the standard library's name
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def do_POST(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            answered.set()

        def log_message(self, *_: object) -> None:
            """Not in between the results."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        address = f"http://127.0.0.1:{server.server_port}/"
        process = subprocess.Popen(
            [browser, *FLAGS, f"--user-data-dir={folder}/profile", address], stderr=subprocess.DEVNULL
        )
        try:
            if not answered.wait(60):
                raise TimeoutError("The browser did not answer within a minute.")
        finally:
            process.terminate()
            process.wait()
            server.shutdown()
    return answers[0]


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1] if len(sys.argv) > 1 else "chromium") else 1)
