// What the page says, in the reader's language, with the reader's numbers and dates.

export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" };
const CHOSEN = "language";

let texts = {};
let locale = "en";
let plural = new Intl.PluralRules("en");

/** The language that was chosen on this page, else the first of the browser's that there is, else English. */
export function preferredLanguage() {
  const wanted = [localStorage.getItem(CHOSEN), ...navigator.languages.map((name) => name.split("-")[0])];
  return wanted.find((name) => Object.hasOwn(LANGUAGES, name ?? "")) ?? "en";
}

export async function speak(language) {
  const answer = await fetch(new URL(`texts/${language}.json`, import.meta.url));
  texts = await answer.json();
  // The browser's own variant of the language, for its dates and numbers: en-GB and not just en.
  locale = navigator.languages.find((name) => name.split("-")[0] === language && isValid(name)) ?? language;
  plural = new Intl.PluralRules(locale);
  document.documentElement.lang = language;
}

/** A browser may be set to what is no language tag, such as “en-US@posix”. */
function isValid(name) {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}

export function chooseLanguage(language) {
  localStorage.setItem(CHOSEN, language);
  return speak(language);
}

/**
 * The text of that name. `{name}` in it is replaced by what `values` say, numbers in the reader's format; `count`
 * chooses among the forms of a text that has several.
 */
export function t(name, values = {}) {
  const found = texts[name];
  if (found === undefined) throw new Error(`There is no text “${name}”`);
  const text = typeof found === "string" ? found : (found[plural.select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, key) => shown(values[key]));
}

/** The text of that name, or nothing where there is none: for codes that a newer API may send. */
export const maybe = (name) => (Object.hasOwn(texts, name) ? t(name) : null);

const shown = (value) => (typeof value === "number" ? number(value) : String(value));

export const number = (value, options) => new Intl.NumberFormat(locale, options).format(value);

export const percent = (share) => number(share, { style: "percent", maximumFractionDigits: 0 });

export const money = (amount, currency) => number(amount, { style: "currency", currency, maximumFractionDigits: 0 });

export const moment = (instant) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));

export const day = (instant) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(instant));

export function bytes(size) {
  const [unit, divisor] = size < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return number(size / divisor, { style: "unit", unit, maximumFractionDigits: size < 1e6 ? 0 : 1 });
}

/** Of so many seconds: in minutes where these are many. */
export function duration(seconds) {
  const [value, unit] = seconds < 90 ? [seconds, "second"] : [seconds / 60, "minute"];
  return number(value, { style: "unit", unit, maximumFractionDigits: value < 10 && unit === "second" ? 1 : 0 });
}
