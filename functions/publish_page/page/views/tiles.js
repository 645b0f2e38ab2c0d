// The photos in hand, as tiles; batches with their progress and their ZIP.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { duration, maybe, percent, t } from "../texts.js";
import { UNFINISHED } from "../work/bench.js";
import { focusTitle } from "./focus.js";
import { wording } from "./notices.js";
import { saveFrom } from "./save.js";

export function Tiles({ page }) {
  const items = useStore(page.store, (state) => state.items);
  const batches = useStore(page.store, (state) => state.batches);
  // Five hundred tiles, of which one changes at a time: the others' elements are the same and are not looked at.
  const drawn = useRef(new WeakMap()).current;
  const tile = (item) => {
    if (!drawn.has(item)) drawn.set(item, html`<${Tile} key=${item.id} page=${page} item=${item} />`);
    return drawn.get(item);
  };
  const clear = () => {
    page.bench.clear();
    focusTitle();
  };
  if (items.length === 0) return null;
  const open = items.filter(({ stage }) => UNFINISHED.has(stage)).length;
  return html`
    <section aria-labelledby="tiles-title">
      <div class="row">
        <h2 id="tiles-title">${t("tiles.title")}</h2>
        <p role="status">${open > 0 ? t("tiles.open", { count: open }) : t("tiles.done", { count: items.length })}</p>
        ${open < items.length && html`<button class="quiet" onClick=${clear}>${t("tiles.clear")}</button>`}
      </div>
      ${Object.values(batches).map((batch) => html`<${Batch} key=${batch.batchId} page=${page} batch=${batch} items=${items} />`)}
      <ul class="tiles">${items.map(tile)}</ul>
    </section>
  `;
}

function Batch({ page, batch, items }) {
  const mine = items.filter(({ batchId }) => batchId === batch.batchId);
  if (mine.length === 0) return null;
  const { completed, failed, open, expired, cancelled } = batch.counts;
  // An upload is a fifth of a photo's way, by feel; the rest is the service's.
  const sent = mine.reduce((sum, { sent: share, stage }) => sum + (stage === "waiting" || stage === "sending" ? share : 1), 0);
  const progress = 0.2 * (sent / mine.length) + 0.8 * ((batch.total - open) / batch.total);
  const download = async () => {
    const { zipUrl } = await page.api.get(`batch/${batch.batchId}/download`);
    await saveFrom(zipUrl, `cut-outs-${batch.createdAt.slice(0, 10)}.zip`);
  };
  return html`
    <div class="batch card">
      <progress max="1" value=${progress} aria-label=${t("batch.progress")}></progress>
      <p>
        ${t("batch.counts", { completed, total: batch.total })}
        ${failed + expired > 0 && html` · ${t("batch.failed", { count: failed + expired })}`}
        ${cancelled > 0 && html` · ${t("batch.cancelled", { count: cancelled })}`}
        ${open > 0 && batch.secondsLeft != null && html` · ${t("batch.left", { time: duration(batch.secondsLeft) })}`}
      </p>
      <div class="buttons">
        ${batch.zipReady && html`<button class="primary" onClick=${() => download().catch(page.tell)}>${t("batch.zip")}</button>`}
        ${open > 0 && html`<button onClick=${() => page.bench.cancelBatch(batch.batchId).catch(page.tell)}>${t("batch.cancel")}</button>`}
      </div>
    </div>
  `;
}

function Tile({ page, item }) {
  const isDone = item.stage === "completed";
  const inner = html`
    <${Picture} page=${page} item=${item} />
    <span class="name" title=${item.name}><bdi>${item.name || t("tiles.unnamed")}</bdi></span>
    <${Stage} item=${item} />
  `;
  return html`
    <li class=${`tile ${item.stage}`}>
      ${isDone ? html`<a href=${`#/job/${item.jobId}`}>${inner}</a>` : html`<div>${inner}</div>`}
    </li>
  `;
}

function Picture({ page, item }) {
  const [isBroken, setBroken] = useState(false);
  const thumbnail = item.job?.result?.thumbnailUrl;
  useEffect(() => {
    if (item.stage === "completed" && !thumbnail) page.bench.fresh(item).catch(page.tell);
  }, [item.stage, thumbnail]);
  const source = thumbnail ?? item.preview;
  return html`
    <span class=${`picture ${thumbnail ? "checkers" : ""}`}>
      ${source && !isBroken && html`<img crossorigin="anonymous" src=${source} alt="" loading="lazy" decoding="async" onError=${() => setBroken(source !== thumbnail)} />`}
    </span>
  `;
}

function Stage({ item }) {
  const error = item.error ?? item.job?.error;
  if (item.stage === "sending") {
    return html`<progress max="1" value=${item.sent} aria-label=${t("stage.sending")}></progress><small>${percent(item.sent)}</small>`;
  }
  if (error) return html`<small class="wrong">${error instanceof Error ? wording(error) : error.detail}</small>`;
  if (item.job?.cached) return html`<small>${t("tiles.cached")}</small>`;
  return html`<small>${maybe(`stage.${item.stage}`) ?? item.stage}</small>`;
}
