// Photos whose upload has not ended, with their forms: in IndexedDB, so that a reload goes on where it was.

const STORE = "uploads";

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("cut-outs", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "jobId" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function within(mode, act) {
  const transaction = (await database()).transaction(STORE, mode);
  const result = act(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(result?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** `uploads`: `{jobId, owner, file, url, fields, expiresAt}` each. */
export const remember = (uploads) =>
  within("readwrite", (store) => {
    for (const upload of uploads) store.put(upload);
  });

export const forget = (jobId) => within("readwrite", (store) => store.delete(jobId));

export const forgetAll = () => within("readwrite", (store) => store.clear());

/** Those of this owner that may still begin at `now`; what is too late is thrown away, whoever's it is. */
export async function remembered(owner, now) {
  const all = await within("readonly", (store) => store.getAll());
  const late = all.filter(({ expiresAt }) => new Date(expiresAt) <= now);
  for (const { jobId } of late) await forget(jobId);
  return all.filter((upload) => upload.owner === owner && !late.includes(upload));
}
