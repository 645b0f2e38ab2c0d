// What may be sent, judged by the bytes as the service does, before anything is sent.

export const LARGEST_FILE = 10_000_000;
export const LARGEST_INLINE = 4_400_000;
export const LARGEST_BATCH = 500;

const AT_ONCE = 8;

/**
 * The files of a drop, a paste or a choice, in order, each `{file, problem}`: `problem` is null, or the name of a text
 * that says why the file is not taken.
 */
export async function judged(files) {
  const results = new Array(files.length);
  let next = 0;
  const worker = async () => {
    while (next < files.length) {
      const index = next++;
      results[index] = { file: files[index], problem: await problemOf(files[index]) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, worker));
  return results;
}

async function problemOf(file) {
  if (file.size === 0) return "intake.problem.empty";
  if (file.size > LARGEST_FILE) return "intake.problem.large";
  return (await isPhoto(file)) ? null : "intake.problem.type";
}

const SIGNATURES = [/^\xff\xd8\xff/, /^\x89PNG\r\n\x1a\n/, /^RIFF[^]{4}WEBP/, /^GIF8[79]a/];
const BRANDS = /^[^]{4}ftyp[^]*?(avif|heic|heix|heim|heis|mif1|msf1)/;

async function isPhoto(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  return BRANDS.test(head) || SIGNATURES.some((signature) => signature.test(head));
}

/** All files of a drop, those in its folders included. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const found = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader hands out a hundred at a time, and none when it is through.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) if (!each.name.startsWith(".")) await collect(each, found);
  }
}

/** A pasted picture is called image.png, every one of them. */
export const pasted = (file, at) => new File([file], `pasted-${at.toISOString().slice(0, 19).replaceAll(":", "-")}.png`, file);
