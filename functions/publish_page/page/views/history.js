// All jobs, newest first, by status, tier and name.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { TIERS } from "../choices.js";
import { html } from "../html.js";
import { maybe, moment, t } from "../texts.js";

const STATUSES = ["completed", "failed", "queued", "processing", "awaiting_upload", "cancelled", "expired"];
const PAGE = 40;

export function History({ page }) {
  const [filter, setFilter] = useState({ status: "", tier: "" });
  const [name, setName] = useState("");
  const [found, setFound] = useState({ jobs: [], cursor: null, isLoading: true });

  const latest = useRef(filter);
  latest.current = filter;
  const load = async (before, cursor) => {
    setFound({ ...before, isLoading: true });
    const query = new URLSearchParams({ limit: PAGE });
    for (const [key, value] of Object.entries({ ...filter, cursor })) if (value) query.set(key, value);
    const { jobs, nextCursor } = await page.api.get(`jobs?${query}`);
    if (latest.current !== filter) return; // Others are wanted meanwhile.
    setFound({ jobs: [...before.jobs, ...jobs], cursor: nextCursor, isLoading: false });
  };
  useEffect(() => {
    load({ jobs: [] }, null).catch(page.tell);
  }, [filter]);

  const wanted = name.trim().toLowerCase();
  const shown = found.jobs.filter((job) => (job.fileName ?? "").toLowerCase().includes(wanted));
  // The service does not search by name, so older ones are fetched until there is a page of those that are wanted.
  useEffect(() => {
    if (wanted && shown.length < PAGE && found.cursor && !found.isLoading) load(found, found.cursor).catch(page.tell);
  }, [wanted, found]);

  const choose = (key) => (event) => setFilter({ ...filter, [key]: event.target.value });
  return html`
    <h1 tabindex="-1">${t("title.history")}</h1>
    <form class="row filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label class="field"><span>${t("history.status")}</span>
        <select value=${filter.status} onChange=${choose("status")}>
          <option value="">${t("history.all")}</option>
          ${STATUSES.map((status) => html`<option value=${status}>${t(`stage.${status}`)}</option>`)}
        </select></label>
      <label class="field"><span>${t("review.tier")}</span>
        <select value=${filter.tier} onChange=${choose("tier")}>
          <option value="">${t("history.all")}</option>
          ${TIERS.map((tier) => html`<option value=${tier}>${t(`tier.${tier}`)}</option>`)}
        </select></label>
      <label class="field"><span>${t("history.name")}</span><input type="search" value=${name} onInput=${(event) => setName(event.target.value)} /></label>
    </form>
    <p role="status">${found.isLoading ? t("viewer.loading") : t("history.found", { count: shown.length })}</p>
    <ul class="tiles">${shown.map((job) => html`<${Entry} key=${job.jobId} page=${page} job=${job} />`)}</ul>
    ${found.cursor && html`<button disabled=${found.isLoading} onClick=${() => load(found, found.cursor).catch(page.tell)}>${t("history.more")}</button>`}
  `;
}

function Entry({ page, job }) {
  const [thumbnail, setThumbnail] = useState(null);
  const isDone = job.status === "completed";
  useEffect(() => {
    if (!isDone) return undefined;
    const stop = new AbortController();
    page.api
      .get(`jobs/${job.jobId}`, { signal: stop.signal })
      .then(({ result }) => setThumbnail(result?.thumbnailUrl), () => {}); // A picture less, and no more than that.
    return () => stop.abort();
  }, [job.jobId, job.status]);
  const inner = html`
    <span class="picture checkers">${thumbnail && html`<img crossorigin="anonymous" src=${thumbnail} alt="" loading="lazy" decoding="async" />`}</span>
    <span class="name"><bdi>${job.fileName ?? t("tiles.unnamed")}</bdi></span>
    <small>${moment(job.createdAt)} · ${t(`tier.${job.tier}`)}</small>
    <small class=${job.error ? "wrong" : ""}>${job.error?.detail ?? maybe(`stage.${job.status}`) ?? job.status}</small>
  `;
  return html`<li class=${`tile ${job.status}`}>${isDone ? html`<a href=${`#/job/${job.jobId}`}>${inner}</a>` : html`<div>${inner}</div>`}</li>`;
}
