// Files for the user's disk. A link to another origin would be opened where it says `download`, and lose its name.
import { ApiError } from "../api.js";

/**
 * Every `<img>` that shows a file of the bucket has `crossorigin`. Without it, S3 answers without the header that lets a
 * page read the file; the browser keeps that answer, and later refuses it to `fetch`.
 * https://blog.lukebriner.net/2020/08/19/random-cors-errors-on-chrome-using.html
 */
export async function fetched(url) {
  let answer;
  try {
    answer = await fetch(url);
  } catch {
    throw new ApiError({ status: 0, code: "unreachable", detail: "" });
  }
  if (!answer.ok) throw new ApiError({ status: answer.status, code: "link_expired", detail: "" });
  return answer.blob();
}

export const saveFrom = async (url, name) => save(await fetched(url), name);

export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
