// What is wrong just now, as a state of the page with what to do about it. Nothing pops up, nothing has to be dismissed
// before work goes on.
import { useEffect, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { maybe, t } from "../texts.js";
import { focusTitle } from "./focus.js";

export function Notices({ page, session }) {
  const isOnline = useStore(page.store, (state) => state.isOnline);
  const notice = useStore(page.store, (state) => state.notice);
  const close = () => {
    page.store.update(() => ({ notice: null }));
    focusTitle();
  };
  return html`
    <div role="status" class="notices">
      ${!isOnline && html`<p class="notice">${t("notice.offline")}</p>`}
      ${session.expired && html`<p class="notice">${t("notice.expired")}</p>`}
      ${notice && html`<${Notice} key=${notice} error=${notice} onClose=${close} />`}
    </div>
  `;
}

function Notice({ error, onClose }) {
  const left = useCountdown(error.retryAfter);
  const { required, available } = error.problem ?? {};
  return html`
    <div class="notice wrong">
      <p>
        ${wording(error)}
        ${error.code === "insufficient_credits" && html` ${t("notice.missing", { count: required - available })}`}
        ${left > 0 && html` ${t("notice.again", { count: left })}`}
      </p>
      <button class="quiet" onClick=${onClose} aria-label=${t("notice.close")}>×</button>
    </div>
  `;
}

/** The service's own words; the page's where no answer came. */
export function wording(error) {
  return error.detail || (maybe(`error.${error.code}`) ?? t("error.other", { code: error.code }));
}

function useCountdown(seconds) {
  const [left, setLeft] = useState(Math.ceil(seconds ?? 0));
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return left;
}
