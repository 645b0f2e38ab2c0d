// The page's beginning: configuration, language, session; then whatever the address says.
import { render } from "./vendor/preact.module.js";
import { Api, unreachable } from "./api.js";
import { UserPool } from "./auth/cognito.js";
import { Session } from "./auth/session.js";
import { forgetChoices } from "./choices.js";
import { html } from "./html.js";
import { Store } from "./store.js";
import { preferredLanguage, speak } from "./texts.js";
import { App } from "./views/app.js";
import { forgetAll } from "./work/pending.js";

const [configuration] = await Promise.all([
  fetch("/config.json").then((answer) => answer.json()),
  speak(preferredLanguage()),
]);

const pool = configuration.userPoolClientId ? new UserPool(configuration) : null;
const session = new Session(pool);
const api = new Api(configuration.api, session);
const store = new Store({ account: null, notice: null, views: null, isOnline: navigator.onLine });

/** What the account has now; asked for again whenever credits may have moved. */
async function refreshAccount() {
  try {
    const [credits, plans] = await Promise.all([api.get("credits?limit=50"), api.get("subscription")]);
    store.update(() => ({ account: { credits, plans } }));
  } catch (error) {
    tell(error);
  }
}

/** Shows what went wrong as a state of the page; an expired session is one of its own. */
function tell(error) {
  if (error.name === "AbortError" || error.status === 401) return;
  if (error.status === undefined) throw error;
  store.update(() => ({ notice: error }));
}

const page = { api, bench: null, pool, session, store, tell, refreshAccount };

async function openWorkplace() {
  try {
    const { Bench, VIEWS } = await import("./workplace.js");
    page.bench ??= new Bench(api, store, { onEnd: refreshAccount });
    store.update(() => ({ views: VIEWS }));
  } catch {
    tell(unreachable());
  }
}

async function begin() {
  await Promise.all([openWorkplace(), refreshAccount()]);
  await page.bench?.resume(session.store.state.name).catch(tell);
}

let user = session.store.state.secret;
session.store.subscribe(({ secret, expired }) => {
  if (secret === user) return;
  user = secret;
  if (!secret && !expired) {
    forgetAll().catch(() => {}); // A private window has none.
    forgetChoices();
    location.hash = "#/";
  }
  store.update(() => ({ account: null, notice: null, items: [], batches: {} }));
  if (secret) begin();
});
for (const event of ["online", "offline"]) {
  addEventListener(event, () => store.update(() => ({ isOnline: navigator.onLine })));
}

// Whoever is signed in shall not see the form to sign in.
if (session.isOpen) await openWorkplace();
const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} page=${page} />`, root);
if (session.isOpen) begin();
else openWorkplace();
