// Credits and their ledger, the plan, API keys, and what became of all jobs.
import { useEffect, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { day, duration, maybe, moment, money, number, percent, t } from "../texts.js";
import { focusTitle } from "./focus.js";

export function Account({ page }) {
  const account = useStore(page.store, (state) => state.account);
  const session = useStore(page.session.store, (state) => state);
  useEffect(() => {
    page.refreshAccount();
  }, []);
  return html`
    <h1 tabindex="-1">${t("title.account")}</h1>
    <p><bdi>${session.name}</bdi>
      ${session.kind === "user" && html` <button class="quiet" onClick=${() => page.session.signOutEverywhere().catch(page.tell)}>${t("account.everywhere")}</button>`}</p>
    <div class="cards">
      ${account && html`<${Credits} credits=${account.credits} /><${Plan} plans=${account.plans} />`}
      <${ApiKeys} page=${page} />
      <${Statistics} page=${page} />
    </div>
  `;
}

function Credits({ credits }) {
  // What is charged was held before, and changes nothing of what is available.
  const changes = credits.ledger.filter(({ available }) => available !== 0);
  return html`
    <section class="card">
      <h2>${t("credits.title")}</h2>
      <p><strong class="large">${number(credits.available)}</strong> ${t("credits.available")}
        ${credits.held > 0 && html` · ${t("credits.held", { count: credits.held })}`}
        ${credits.owed > 0 && html` · <span class="wrong">${t("credits.owed", { count: credits.owed })}</span>`}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("credits.ledger")}>
        <table>
          <caption class="hidden">${t("credits.ledger")}</caption>
          <thead><tr><th scope="col">${t("credits.when")}</th><th scope="col">${t("credits.what")}</th><th scope="col" class="end">${t("credits.change")}</th></tr></thead>
          <tbody>
            ${changes.map((entry) => html`<tr key=${entry.entryId}><td>${moment(entry.createdAt)}</td><td>${maybe(`entry.${entry.kind}`) ?? entry.kind}</td><td class="end">${number(entry.available, { signDisplay: "exceptZero" })}</td></tr>`)}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function Plan({ plans }) {
  const { subscription } = plans;
  return html`
    <section class="card">
      <h2>${t("plan.title")}</h2>
      ${subscription
        ? html`
            <p><strong>${subscription.plan}</strong> · ${t(subscription.cancelled ? "plan.ends" : "plan.renews", { day: day(subscription.periodEnd) })}</p>
            <p>${t("plan.today", { used: subscription.today.used, quota: subscription.today.quota })}</p>
            <progress max=${subscription.today.quota} value=${subscription.today.used} aria-label=${t("plan.todayLabel")}></progress>
          `
        : html`<p>${t("plan.none")}</p>`}
      <ul>
        ${plans.plans.map((plan) => html`<li><strong>${plan.plan}</strong>: ${t("plan.offer", { price: money(plan.price, plan.currency), images: plan.dailyImages })}</li>`)}
      </ul>
    </section>
  `;
}

function ApiKeys({ page }) {
  const [keys, setKeys] = useState([]);
  const [made, setMade] = useState(null);
  const load = () => page.api.get("api-keys").then(({ apiKeys }) => setKeys(apiKeys), page.tell);
  useEffect(() => {
    load();
  }, []);
  const create = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      setMade(await page.api.post("api-keys", { name: new FormData(form).get("name") }));
      form.reset();
      await load();
    } catch (error) {
      page.tell(error);
    }
  };
  const revoke = async (key) => {
    await page.api.delete(`api-keys/${key.keyId}`);
    await load();
    focusTitle();
  };
  return html`
    <section class="card">
      <h2>${t("keys.title")}</h2>
      <p>${t("keys.intro")}</p>
      ${made && html`<p role="status">${t("keys.once")} <code class="key">${made.key}</code> <button onClick=${() => navigator.clipboard.writeText(made.key)}>${t("keys.copy")}</button></p>`}
      <ul class="keys">
        ${keys.map((key) => html`
          <li key=${key.keyId}><span><bdi>${key.name}</bdi> <code>${key.prefix}…</code> <small>${key.lastUsedAt ? t("keys.used", { when: moment(key.lastUsedAt) }) : t("keys.unused")}</small></span>
            <button class="quiet danger" aria-label=${t("keys.revokeOne", { name: key.name })} onClick=${() => revoke(key).catch(page.tell)}>${t("keys.revoke")}</button></li>`)}
      </ul>
      <form class="row" onSubmit=${create}>
        <label class="field"><span>${t("keys.name")}</span><input name="name" required maxlength="100" autocomplete="off" /></label>
        <button>${t("keys.create")}</button>
      </form>
    </section>
  `;
}

function Statistics({ page }) {
  const [stats, setStats] = useState(null);
  useEffect(() => {
    page.api.get("stats").then(setStats, page.tell);
  }, []);
  if (!stats) return null;
  const { mean, p95 } = stats.processingSeconds;
  return html`
    <section class="card">
      <h2>${t("stats.title")}</h2>
      <${Bars} label=${t("stats.byStatus")} values=${Object.entries(stats.byStatus).map(([name, count]) => [t(`stage.${name}`), count])} />
      <${Bars} label=${t("review.tier")} values=${Object.entries(stats.byTier).map(([name, count]) => [t(`tier.${name}`), count])} />
      <p>
        ${stats.successRate !== null && html`${t("stats.success", { share: percent(stats.successRate) })} `}
        ${mean !== null && html`${t("stats.time", { mean: duration(mean), p95: duration(p95) })} `}
        ${t("stats.spent", { count: stats.creditsSpent })}
      </p>
    </section>
  `;
}

function Bars({ label, values }) {
  const most = Math.max(1, ...values.map(([, count]) => count));
  return html`
    <table class="bars">
      <caption>${label}</caption>
      <tbody>
        ${values.map(([name, count]) => html`<tr><th scope="row">${name}</th><td><span class="bar-of" style=${{ width: `${(100 * count) / most}%` }}></span></td><td class="end">${number(count)}</td></tr>`)}
      </tbody>
    </table>
  `;
}
