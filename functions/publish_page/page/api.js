// The service's API, as a program of anybody would call it: JSON in, JSON out, errors as problem documents.

export class ApiError extends Error {
  /** `status` 0: no answer came. `retryAfter` in seconds, where the service says when to ask again. */
  constructor({ status, code, detail, retryAfter = null, problem = {} }) {
    super(detail);
    Object.assign(this, { status, code, detail, retryAfter, problem });
  }
}

const TRIES = 4;
const PASSING = new Set([429, 502, 503, 504]);

export class Api {
  #session;

  constructor(base, session) {
    this.base = base;
    this.#session = session;
  }

  /** Reads are repeated while the network or the service is away; they change nothing. */
  async get(path, { signal } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#ask("GET", path, { signal });
      } catch (error) {
        if (attempt === TRIES || signal?.aborted || !(error.status === 0 || PASSING.has(error.status))) throw error;
        await pause(error.retryAfter ?? 0.5 * 2 ** attempt, signal);
      }
    }
  }

  /** `key`: an Idempotency-Key, with which the same request may be sent again and counts once. */
  post(path, body, { key } = {}) {
    const headers = { "Content-Type": "application/json", ...(key ? { "Idempotency-Key": key } : {}) };
    return this.#ask("POST", path, { headers, body: JSON.stringify(body) });
  }

  delete(path) {
    return this.#ask("DELETE", path);
  }

  /** One photo to `POST remove`; the job as it is then. `onProgress` hears what share of it was sent. */
  async remove(fields, file, { key, onProgress, signal }) {
    const form = formOf(fields, ["image", file]);
    return this.#authorized((authorization) =>
      transfer(`${this.base}/remove`, form, {
        headers: { ...authorization, "Idempotency-Key": key },
        onProgress,
        signal,
      }),
    );
  }

  #ask(method, path, { headers = {}, body, signal } = {}) {
    return this.#authorized(async (authorization) => {
      try {
        const request = { method, headers: { ...headers, ...authorization }, body, signal };
        const answer = await fetch(`${this.base}/${path}`, request);
        return { status: answer.status, text: await answer.text(), header: (name) => answer.headers.get(name) };
      } catch (error) {
        if (signal?.aborted) throw error;
        throw unreachable();
      }
    });
  }

  /** What was answered, as JSON. A token that is refused is renewed once; where that cannot be, the session is over. */
  async #authorized(send) {
    const sent = async () => {
      const token = await this.#session.token();
      // Signed out meanwhile, perhaps in another tab: nobody has to be asked to know the answer.
      if (!token) throw new ApiError({ status: 401, code: "unauthorized", detail: "" });
      return send({ Authorization: `Bearer ${token}` });
    };
    let answer = await sent();
    if (answer.status === 401 && (await this.#session.renewed())) answer = await sent();
    if (answer.status >= 400) {
      if (answer.status === 401) this.#session.expire();
      throw failure(answer.status, answer.header("Retry-After"), answer.text);
    }
    return answer.text ? JSON.parse(answer.text) : null;
  }
}

/** A presigned form of the bucket, with the file last, as S3 wants it. */
export async function sendToBucket({ url, fields }, file, { onProgress, signal }) {
  const answer = await transfer(url, formOf(fields, ["file", file]), { onProgress, signal });
  if (answer.status >= 400) {
    const code = /<Code>(\w+)<\/Code>/.exec(answer.text)?.[1] ?? "upload_failed";
    throw new ApiError({ status: answer.status, code, detail: "" });
  }
}

function formOf(fields, [name, file]) {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append(name, file, file.name);
  return form;
}

/** `fetch` tells nobody how much of a body was sent. */
function transfer(url, form, { headers = {}, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total ? loaded / total : 0);
    request.onload = () =>
      resolve({
        status: request.status,
        text: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

export const unreachable = () => new ApiError({ status: 0, code: "unreachable", detail: "" });

function failure(status, retryAfter, text) {
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // A gateway's page; the status says enough.
  }
  const wait = Number.parseFloat(retryAfter);
  return new ApiError({
    status,
    code: problem.code ?? `http_${status}`,
    detail: problem.detail ?? "",
    retryAfter: Number.isFinite(wait) ? wait : null,
    problem,
  });
}

export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
