// What somebody chose last, for the next photos: tier, background, size, crop, format.

const KEPT = "choices";
export const TIERS = ["basic", "standard", "professional", "industry"];
export const SIZES = ["", "2000", "1200", "800"];
export const CROPS = ["", "0", "5%", "10%"];
export const FORMATS = ["png", "webp", "jpeg"];

const BY_DEFAULT = { tier: "standard", background: "", maxSize: "", crop: "", format: "png" };

export const choices = () => ({ ...BY_DEFAULT, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") });

export const keepChoices = (chosen) => localStorage.setItem(KEPT, JSON.stringify(chosen));

export const forgetChoices = () => localStorage.removeItem(KEPT);

/** The options of the API: without what is left to its defaults, and a JPEG never without a background. */
export function options({ background, maxSize, crop, format }) {
  const behind = background || (format === "jpeg" ? "#ffffff" : "");
  return {
    format,
    ...(behind ? { background: behind } : {}),
    ...(crop ? { crop } : {}),
    ...(maxSize ? { maxSize: Number(maxSize) } : {}),
  };
}
