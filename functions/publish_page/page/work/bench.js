// The workbench: every photo in hand, from the file to the cut-out, whichever route of the API it takes.
//
// An item: {id, name, file, preview, jobId, batchId, stage, sent, job, error}. `stage` is "waiting" or "sending" while
// the page has the photo, afterwards the job's status, or "refused" where it never became a job. `sent` is a share.
import { ApiError, pause, sendToBucket } from "../api.js";
import { forget, remember, remembered } from "./pending.js";
import { LARGEST_INLINE } from "./photos.js";

const UPLOADS_AT_ONCE = 4;
const TRIES = 4;
const BEGAN = "bench-began";
const OF_THE_PHOTO = new Set([413, 415, 422, 502]);
const OPEN = new Set(["awaiting_upload", "queued", "processing"]);
export const UNFINISHED = new Set(["waiting", "sending", ...OPEN]);

export class Bench {
  #uploading = 0;
  #line = [];
  #watching = false;

  /** `store` gets `items` and `batches`; `onEnd` hears that credits have moved. */
  constructor(api, store, { onEnd }) {
    this.api = api;
    this.store = store;
    this.onEnd = onEnd;
    store.update(() => ({ items: [], batches: {} }));
  }

  /** Sends the photos: a single one as the answer's quickest way, several as one batch with its discount. */
  async add(files, wanted, owner) {
    began(new Date().toISOString());
    const items = files.map((file) => ({
      id: crypto.randomUUID(),
      name: file.name,
      file,
      preview: URL.createObjectURL(file),
      jobId: null,
      batchId: null,
      stage: "waiting",
      sent: 0,
      job: null,
      error: null,
    }));
    this.store.update(({ items: before }) => ({ items: [...items, ...before] }));
    try {
      if (items.length > 1) await this.#addBatch(items, wanted, owner);
      else if (files[0].size <= LARGEST_INLINE) await this.#remove(items[0], wanted);
      else await this.#addUpload(items[0], wanted, owner);
    } catch (error) {
      // Nothing was charged. Where a photo itself is at fault it stays, with the reason; else the files go back to whoever
      // chose them.
      if (items.length > 1 || !OF_THE_PHOTO.has(error.status)) {
        this.#drop(items);
        throw error;
      }
      this.#change(items[0].id, { stage: "refused", error });
    }
    this.onEnd();
    return items;
  }

  async #remove(item, wanted) {
    this.#change(item.id, { stage: "sending" });
    const onProgress = (sent) => this.#change(item.id, { sent, stage: sent < 1 ? "sending" : "processing" });
    const job = await tried(() => this.api.remove({ ...wanted, fileName: item.name }, item.file, { key: item.id, onProgress }));
    this.#became(item.id, job);
    this.#watch();
  }

  async #addUpload(item, wanted, owner) {
    const described = { contentType: item.file.type || undefined, fileName: item.name, size: item.file.size };
    const job = await this.api.post("uploads", { ...wanted, ...described }, { key: item.id });
    await this.#expect([item], [job], owner);
  }

  async #addBatch(items, wanted, owner) {
    const files = items.map(({ file }) => ({ fileName: file.name, contentType: file.type || undefined, size: file.size }));
    const batch = await this.api.post("batch", { ...wanted, files }, { key: items[0].id });
    this.#keepBatch(batch);
    await this.#expect(items, batch.items, owner);
  }

  /** The jobs wait for these photos: remembered first, so that a reload does not lose one. */
  async #expect(items, jobs, owner) {
    const uploads = jobs.map((job, index) => ({
      jobId: job.jobId,
      owner,
      file: items[index].file,
      url: job.upload.url,
      fields: job.upload.fields,
      expiresAt: job.upload.expiresAt,
    }));
    jobs.forEach((job, index) => this.#became(items[index].id, job, { stage: "waiting" }));
    await remember(uploads).catch(() => {}); // Private windows may have no database; then a reload needs the files again.
    for (const upload of uploads) this.#queue(upload);
    this.#watch();
  }

  #queue(upload) {
    this.#line.push(upload);
    this.#next();
  }

  #next() {
    while (this.#uploading < UPLOADS_AT_ONCE && this.#line.length > 0) {
      const upload = this.#line.shift();
      this.#uploading += 1;
      this.#upload(upload).finally(() => {
        this.#uploading -= 1;
        this.#next();
      });
    }
  }

  async #upload(upload) {
    const item = this.#byJob(upload.jobId);
    if (!item || !["waiting", "sending"].includes(item.stage)) return;
    const onProgress = (sent) => this.#change(item.id, { stage: "sending", sent });
    try {
      await tried(() => sendToBucket(upload, upload.file, { onProgress }));
      this.#change(item.id, { sent: 1, stage: "queued" });
    } catch (error) {
      this.#change(item.id, { stage: "refused", error });
    }
    await forget(upload.jobId).catch(() => {});
  }

  /** Finds again what this tab had in hand before it was reloaded, and what other devices have under way. */
  async resume(owner) {
    const since = sessionStorage.getItem(BEGAN);
    const jobs = [];
    let cursor = null;
    do {
      const page = await this.api.get(`jobs?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      jobs.push(...page.jobs.filter((job) => OPEN.has(job.status) || (since && job.createdAt >= since)));
      cursor = since && page.jobs.at(-1)?.createdAt >= since ? page.nextCursor : null;
    } while (cursor);
    const uploads = new Map((await remembered(owner, new Date()).catch(() => [])).map((each) => [each.jobId, each]));
    const known = new Set(this.store.state.items.map(({ jobId }) => jobId));
    const items = jobs
      .filter(({ jobId }) => !known.has(jobId))
      .map((job) => {
        const upload = job.status === "awaiting_upload" ? uploads.get(job.jobId) : undefined;
        return {
          id: job.jobId,
          name: job.fileName ?? "",
          file: upload?.file ?? null,
          preview: upload ? URL.createObjectURL(upload.file) : null,
          jobId: job.jobId,
          batchId: job.batchId ?? null,
          stage: upload ? "waiting" : job.status,
          sent: 0,
          job,
          error: null,
        };
      });
    this.store.update(({ items: before }) => ({ items: [...before, ...items] }));
    for (const item of items) if (item.stage === "waiting") this.#queue(uploads.get(item.jobId));
    for (const id of new Set(items.map(({ batchId }) => batchId).filter(Boolean))) {
      this.#keepBatch(await this.api.get(`batch/${id}?limit=1`));
    }
    this.#watch();
  }

  /** Asks for what is not over, until everything is; more slowly the longer nothing changes. */
  async #watch() {
    if (this.#watching) return;
    this.#watching = true;
    let wait = 1;
    try {
      while (this.#openJobs().length > 0 || this.#openBatches().length > 0) {
        await pause(wait);
        const changed = await this.#look();
        wait = changed ? 1 : Math.min(wait * 1.4, 8);
      }
    } finally {
      this.#watching = false;
    }
  }

  async #look() {
    const before = this.store.state;
    try {
      for (const { batchId } of this.#openBatches()) {
        const batch = await this.api.get(`batch/${batchId}?limit=500`);
        this.#keepBatch(batch);
        for (const job of batch.items) {
          const item = this.#byJob(job.jobId);
          if (item && job.updatedAt !== item.job?.updatedAt) this.#became(item.id, job);
        }
      }
      for (const { id, jobId, batchId } of this.#openJobs()) {
        if (!batchId) this.#became(id, await this.api.get(`jobs/${jobId}`));
      }
    } catch {
      return false; // Offline or busy: asked again later.
    }
    const changed = before.items.some((item) => this.#byJob(item.jobId)?.stage !== item.stage);
    if (changed) this.onEnd();
    return changed;
  }

  /** The job with links that work now. */
  async fresh(item) {
    const job = await this.api.get(`jobs/${item.jobId}`);
    this.#change(item.id, { job });
    return job;
  }

  async cancelBatch(batchId) {
    this.#keepBatch(await this.api.post(`batch/${batchId}/cancel`, {}));
    await this.#look();
    this.onEnd();
  }

  async erase(item) {
    if (item.jobId) await this.api.delete(`jobs/${item.jobId}`);
    this.#drop([item]);
  }

  /** What is over leaves the bench; it stays in the history. */
  clear() {
    const over = this.store.state.items.filter(({ stage }) => !UNFINISHED.has(stage));
    this.#drop(over);
    sessionStorage.setItem(BEGAN, new Date().toISOString());
  }

  #openJobs = () => this.store.state.items.filter(({ jobId, stage }) => jobId && OPEN.has(stage));

  #openBatches() {
    const batches = Object.values(this.store.state.batches);
    return batches.filter((batch) => batch.counts.open > 0 || (batch.counts.completed > 0 && !batch.zipReady && !batch.error));
  }

  #byJob = (jobId) => this.store.state.items.find((item) => item.jobId === jobId);

  #became(id, job, more = {}) {
    began(job.createdAt);
    const current = this.store.state.items.find((item) => item.id === id);
    const isSending = ["waiting", "sending"].includes(current?.stage) && job.status === "awaiting_upload";
    const stage = isSending ? current.stage : job.status;
    this.#change(id, { job, jobId: job.jobId, batchId: job.batchId ?? null, stage, ...more });
  }

  #change(id, change) {
    this.store.update(({ items }) => ({ items: items.map((item) => (item.id === id ? { ...item, ...change } : item)) }));
  }

  #keepBatch({ items: _, ...batch }) {
    this.store.update(({ batches }) => ({ batches: { ...batches, [batch.batchId]: batch } }));
  }

  #drop(gone) {
    const ids = new Set(gone.map(({ id }) => id));
    for (const { preview } of gone) if (preview) URL.revokeObjectURL(preview);
    this.store.update(({ items }) => ({ items: items.filter(({ id }) => !ids.has(id)) }));
  }
}

/** Notes when this tab's work began: the earliest moment that the page or the service tells of. */
function began(instant) {
  const known = sessionStorage.getItem(BEGAN);
  if (!known || instant < known) sessionStorage.setItem(BEGAN, instant);
}

/** Again after a while where the network or the service was away; each sending is safe to repeat. */
async function tried(send) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const mayPass = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (attempt === TRIES || !mayPass) throw error;
      await pause(error.retryAfter ?? 2 ** attempt);
    }
  }
}
