// Where photos come in and cut-outs come out.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { t } from "../texts.js";
import { filesOf, judged, pasted } from "../work/photos.js";
import { focusTitle } from "./focus.js";
import { Review } from "./review.js";
import { Tiles } from "./tiles.js";

export function Work({ page }) {
  const [batch, setBatch] = useState(null);
  const [isOver, setOver] = useState(false);

  const hadBatch = useRef(false);
  useEffect(() => {
    if (hadBatch.current && !batch) focusTitle();
    hadBatch.current = Boolean(batch);
  }, [batch]);

  const consider = async (files) => files.length > 0 && setBatch(await judged([...files]));

  useEffect(() => {
    const paste = (event) => {
      const files = [...event.clipboardData.files].map((file) => (file.name === "image.png" ? pasted(file, new Date()) : file));
      consider(files);
    };
    const drop = async (event) => {
      event.preventDefault();
      setOver(false);
      consider(await filesOf(event.dataTransfer));
    };
    const over = (event) => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event) => event.relatedTarget === null && setOver(false);
    const listeners = { paste, drop, dragover: over, dragleave: leave };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
    };
  }, []);

  return html`
    <h1 tabindex="-1" class="hidden">${t("title.work")}</h1>
    ${batch
      ? html`<${Review} page=${page} batch=${batch} onDone=${() => setBatch(null)} onBack=${() => setBatch(batch)} />`
      : html`<${DropZone} isOver=${isOver} onFiles=${consider} />`}
    <${Tiles} page=${page} />
  `;
}

function DropZone({ isOver, onFiles }) {
  const chosen = (event) => {
    onFiles([...event.target.files]);
    event.target.value = "";
  };
  return html`
    <section class=${`drop ${isOver ? "over" : ""}`} aria-labelledby="drop-title">
      <h2 id="drop-title">${t("drop.title")}</h2>
      <p>${t("drop.hint")}</p>
      <div class="buttons">
        <label class="button primary">${t("drop.choose")}<input class="hidden" type="file" multiple accept="image/*,.heic,.heif,.avif" onChange=${chosen} /></label>
        <label class="button">${t("drop.folder")}<input class="hidden" type="file" webkitdirectory onChange=${chosen} /></label>
        <label class="button touch">${t("drop.camera")}<input class="hidden" type="file" accept="image/*" capture="environment" onChange=${chosen} /></label>
      </div>
      <p><small>${t("drop.limits")}</small></p>
    </section>
  `;
}
