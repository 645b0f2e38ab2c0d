import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { LANGUAGES, chooseLanguage, preferredLanguage, t } from "../texts.js";
import { focusTitle } from "./focus.js";
import { Notices } from "./notices.js";
import { SignIn } from "./sign_in.js";

/** The address after `#/`: a view's name and perhaps what it shows. */
function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    follow(); // It may have changed between the first drawing and now.
    return () => removeEventListener("hashchange", follow);
  }, []);
  return hash.replace(/^#\/?/, "").split("/");
}

export function App({ page }) {
  const session = useStore(page.session.store, (state) => state);
  const views = useStore(page.store, (state) => state.views);
  const [language, setLanguage] = useState(preferredLanguage);
  const [name, argument] = useRoute();
  const main = useRef(null);
  const view = Object.hasOwn(views ?? {}, name) ? name : "";
  const View = session.kind ? views?.[view] : SignIn;
  const place = session.kind ? `${View ? view : "coming"}/${argument ?? ""}` : "signed-out";
  const before = useRef(place);

  useEffect(() => {
    document.title = `${t(session.kind ? `title.${view || "work"}` : "title.signIn")} · Background Remover Pro`;
    // Whoever listens to the page hears where they are; at the very first the browser does that.
    if (before.current !== place) {
      focusTitle();
      page.store.update(() => ({ notice: null })); // It was about the place before.
    }
    before.current = place;
  }, [place, language]);

  async function speakIn(chosen) {
    await chooseLanguage(chosen);
    setLanguage(chosen);
  }

  return html`
    <a class="skip" href="#main" onClick=${skipTo(main)}>${t("skip")}</a>
    <${Header} page=${page} session=${session} view=${view} language=${language} onLanguage=${speakIn} />
    <main id="main" ref=${main} tabindex="-1" key=${language}>
      <${Notices} page=${page} session=${session} />
      ${View && html`<${View} page=${page} session=${session} argument=${argument} />`}
    </main>
  `;
}

const skipTo = (main) => (event) => {
  event.preventDefault();
  main.current.focus();
};

function Header({ page, session, view, language, onLanguage }) {
  const link = (name, text) =>
    html`<a href=${`#/${name}`} aria-current=${(view === "job" ? "" : view) === name ? "page" : null}>${text}</a>`;
  return html`
    <header class="bar">
      <a class="brand" href="#/"><img src=${new URL("../icon.svg", import.meta.url)} alt="" width="28" height="28" /> Background Remover Pro</a>
      ${session.kind &&
      html`
        <nav aria-label=${t("nav.label")}>${link("", t("nav.work"))} ${link("history", t("nav.history"))} ${link("account", t("nav.account"))}</nav>
        <${Credits} page=${page} />
      `}
      <select aria-label=${t("language")} value=${language} onChange=${(event) => onLanguage(event.target.value)}>
        ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
      </select>
      ${session.kind && html`<button class="quiet" onClick=${() => page.session.signOut()}>${t("signOut")}</button>`}
    </header>
  `;
}

function Credits({ page }) {
  const account = useStore(page.store, (state) => state.account);
  if (!account) return null;
  return html`<a class="credits" href="#/account">${t("credits.badge", { count: account.credits.available })}</a>`;
}
