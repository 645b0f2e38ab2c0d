// One cut-out: compared with its photo, judged, saved in any shape, made in a better tier.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { TIERS, choices, keepChoices, options } from "../choices.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { bytes, maybe, number, t } from "../texts.js";
import { Compare } from "./compare.js";
import { Options } from "./options.js";
import { fetched, save } from "./save.js";

const ENDINGS = { png: "png", webp: "webp", jpeg: "jpg" };

export function Viewer({ page, argument: jobId }) {
  const item = useStore(page.store, ({ items }) => items.find((each) => each.jobId === jobId));
  const [job, setJob] = useState(null);
  const [isGone, setGone] = useState(false);
  const cutOut = useCutOut(page, job);
  const photo = useRef(null);

  useEffect(() => {
    const stop = new AbortController();
    setJob(null);
    setGone(false);
    photo.current = null;
    page.api
      .get(`jobs/${jobId}`, { signal: stop.signal })
      .then(setJob, (error) => (error.status === 404 ? setGone(true) : page.tell(error)));
    return () => stop.abort();
  }, [jobId]);

  if (isGone) return html`<h1 tabindex="-1">${t("title.job")}</h1><p>${t("viewer.gone")} <a href="#/history">${t("title.history")}</a></p>`;
  if (!job) return html`<h1 tabindex="-1">${t("title.job")}</h1><p role="status">${t("viewer.loading")}</p>`;
  const name = job.fileName ?? t("tiles.unnamed");
  if (!job.result) {
    return html`<h1 tabindex="-1"><bdi>${name}</bdi></h1><p>${job.error?.detail ?? maybe(`stage.${job.status}`) ?? job.status}</p>`;
  }
  photo.current ??= item?.preview ?? job.result.photoUrl ?? null; // Erasing drops the preview a moment before the view.
  return html`
    <h1 tabindex="-1"><bdi>${name}</bdi></h1>
    <div class="viewer">
      ${cutOut ? html`<${Compare} before=${photo.current} after=${cutOut} job=${job} />` : html`<p role="status">${t("viewer.loading")}</p>`}
      <aside>
        <${Judgement} job=${job} />
        <${Download} page=${page} job=${job} />
        <${NextTier} page=${page} job=${job} photo=${item?.file ?? job.result.photoUrl} />
        <${Erase} page=${page} item=${item ?? { jobId }} name=${name} />
      </aside>
    </div>
  `;
}

/** Of the job, the whole cut-out with nothing behind it, to lay over its photo: its result, where that is one. */
function useCutOut(page, job) {
  const [url, setUrl] = useState(null);
  useEffect(() => {
    let isWanted = true;
    setUrl(null);
    if (job?.result) {
      wholeCutOut(page, job).then((found) => isWanted && setUrl(found), page.tell);
    }
    return () => {
      isWanted = false;
    };
  }, [job]);
  return url;
}

async function wholeCutOut(page, job) {
  const { source, result } = job;
  const isWhole = Math.abs(source.width / source.height - result.width / result.height) < 0.02;
  if (job.format !== "jpeg" && isWhole) {
    const file = await fetched(result.url);
    if (await isTransparent(file)) return URL.createObjectURL(file);
  }
  try {
    const { rendering } = await page.api.post(`jobs/${job.jobId}/render`, { format: "webp" });
    return rendering.url;
  } catch (error) {
    if (error.status === 410) return result.url; // The photo is not kept as long as its result.
    throw error;
  }
}

const SAMPLE = 64; // Pixels; what is transparent shows in a small copy as well.

async function isTransparent(file) {
  const small = await createImageBitmap(file, { resizeWidth: SAMPLE, resizeHeight: SAMPLE });
  const canvas = Object.assign(document.createElement("canvas"), { width: SAMPLE, height: SAMPLE });
  const context = canvas.getContext("2d");
  context.drawImage(small, 0, 0);
  const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE);
  return data.some((value, index) => index % 4 === 3 && value < 255);
}

function Judgement({ job }) {
  const { width, height, size } = job.result;
  return html`
    <section class="card">
      <h2>${t("viewer.quality")} <meter min="0" max="100" low="50" high="80" optimum="100" value=${job.quality.score}>${number(job.quality.score)}</meter> ${number(job.quality.score)}</h2>
      ${job.quality.reasons.length > 0 && html`<ul>${job.quality.reasons.map((reason) => html`<li>${maybe(`doubt.${reason}`) ?? reason}</li>`)}</ul>`}
      <p><small>${t("viewer.facts", { tier: t(`tier.${job.deliveredTier ?? job.tier}`), width, height, size: bytes(size) })}${job.cached ? ` · ${t("viewer.cached")}` : ""}</small></p>
    </section>
  `;
}

function Download({ page, job }) {
  const [chosen, setChosen] = useState(choices);
  const [state, setState] = useState("");
  const canCopy = "ClipboardItem" in window;

  const choose = (changed) => {
    setChosen(changed);
    keepChoices(changed);
  };
  const rendered = async (wanted) => {
    const { rendering } = await page.api.post(`jobs/${job.jobId}/render`, options(wanted));
    return fetched(rendering.url);
  };
  const during = (act) => async () => {
    setState("busy");
    try {
      await act();
      setState("done");
    } catch (error) {
      setState("");
      page.tell(error);
    }
  };
  const download = during(async () => {
    const stem = (job.fileName ?? "cut-out").replace(/\.[^.]*$/, "");
    save(await rendered(chosen), `${stem}-cut-out.${ENDINGS[chosen.format]}`);
  });
  // The clipboard takes PNG alone, and in Safari only a promise that was made within the click.
  const copy = during(() => navigator.clipboard.write([new ClipboardItem({ "image/png": rendered({ ...chosen, format: "png" }) })]));
  return html`
    <section class="card">
      <h2>${t("download.title")}</h2>
      <${Options} chosen=${chosen} onChoose=${choose} />
      <div class="buttons">
        <button class="primary" onClick=${download} disabled=${state === "busy"} aria-busy=${state === "busy"}>${t("download.save")}</button>
        ${canCopy && html`<button onClick=${copy} disabled=${state === "busy"}>${t("download.copy")}</button>`}
      </div>
      <p role="status"><small>${state === "done" ? t("download.done") : t("download.free")}</small></p>
    </section>
  `;
}

function NextTier({ page, job, photo }) {
  const tier = TIERS[TIERS.indexOf(job.tier) + 1];
  const [quote, setQuote] = useState(null);
  const account = useStore(page.store, (state) => state.account);
  useEffect(() => {
    if (tier) page.api.post("pricing/calculate", { totalImages: 1, tier }).then(setQuote, page.tell);
  }, [tier]);
  if (!tier || !photo || !quote) return null;
  const make = async () => {
    const file = photo instanceof File ? photo : new File([await fetched(photo)], job.fileName ?? "photo");
    location.hash = "#/";
    await page.bench.add([file], { tier, format: "png" }, page.session.store.state.name);
  };
  const { covered, price: credits } = quote.withSubscription;
  const price = covered ? t("price.covered") : t("price.credits", { count: credits });
  const missing = account ? credits - account.credits.available : 0;
  return html`
    <section class="card">
      <h2>${t("next.title", { tier: t(`tier.${tier}`) })}</h2>
      <p>${t(`tier.${tier}.what`)}</p>
      <button disabled=${missing > 0} onClick=${() => make().catch(page.tell)}>${t("next.make", { price })}</button>
      ${missing > 0 && html` <small class="wrong">${t("price.missing", { count: missing })}</small>`}
    </section>
  `;
}

function Erase({ page, item, name }) {
  const erase = async () => {
    await page.bench.erase(item);
    location.hash = "#/history";
  };
  const dialog = useRef(null);
  const close = () => dialog.current.close();
  return html`
    <button class="quiet danger" onClick=${() => dialog.current.showModal()}>${t("erase.action")}</button>
    <dialog ref=${dialog} aria-label=${t("erase.sure", { name })}>
      <p>${t("erase.sure", { name })}</p>
      <div class="buttons">
        <button onClick=${close}>${t("erase.no")}</button>
        <button class="danger" onClick=${() => erase().catch(page.tell)}>${t("erase.yes")}</button>
      </div>
    </dialog>
  `;
}
