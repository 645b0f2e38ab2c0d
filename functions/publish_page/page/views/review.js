// What was chosen, before anything is sent: what will be taken and what not, in which tier, and what it costs.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { TIERS, choices, keepChoices, options } from "../choices.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { bytes, t } from "../texts.js";
import { LARGEST_BATCH } from "../work/photos.js";
import { Options } from "./options.js";

const REFUSED_SHOWN = 8;

export function Review({ page, batch, onDone, onBack }) {
  const [chosen, setChosen] = useState(choices);
  const [isBusy, setBusy] = useState(false);
  const start = useRef(null);
  const good = batch.filter(({ problem }) => !problem).map(({ file }) => file);
  const refused = batch.filter(({ problem }) => problem);
  const fits = good.length > 0 && good.length <= LARGEST_BATCH;
  const quotes = useQuotes(page, fits ? good.length : 0);
  const quote = quotes?.[chosen.tier];
  const account = useStore(page.store, (state) => state.account);
  const missing = quote && account ? quote.withSubscription.price - account.credits.available : 0;

  useEffect(() => start.current?.focus(), []);

  function choose(changed) {
    setChosen(changed);
    keepChoices(changed);
  }

  async function send(event) {
    event.preventDefault();
    setBusy(true);
    const sending = page.bench.add(good, { tier: chosen.tier, ...options(chosen) }, page.session.store.state.name);
    onDone();
    try {
      await sending;
    } catch (error) {
      page.tell(error);
      onBack();
    }
  }

  return html`
    <form class="card review" aria-labelledby="review-title" onSubmit=${send}>
      <h2 id="review-title">${t("review.title", { count: good.length })}</h2>
      ${good.length > LARGEST_BATCH && html`<p class="wrong">${t("review.tooMany", { most: LARGEST_BATCH })}</p>`}
      ${refused.length > 0 && html`<${Refused} refused=${refused} />`}
      <fieldset class="tiers">
        <legend>${t("review.tier")}</legend>
        ${TIERS.map(
          (tier) => html`
            <label class="tier">
              <input type="radio" name="tier" value=${tier} checked=${chosen.tier === tier} onChange=${() => choose({ ...chosen, tier })} />
              <strong>${t(`tier.${tier}`)}</strong>
              <small>${t(`tier.${tier}.what`)}</small>
              ${quotes && html`<small>${short(quotes[tier])}</small>`}
            </label>
          `,
        )}
      </fieldset>
      <${Options} chosen=${chosen} onChoose=${choose} />
      <p class="price" aria-live="polite">${quote ? html`<${Price} quote=${quote} missing=${missing} />` : fits && t("review.reckoning")}</p>
      <div class="buttons">
        <button class="primary" ref=${start} disabled=${!fits || isBusy}>${t("review.start", { count: good.length })}</button>
        <button type="button" onClick=${onDone}>${t("review.cancel")}</button>
      </div>
    </form>
  `;
}

const short = ({ withSubscription: { covered, price } }) =>
  covered ? t("price.covered") : t("price.credits", { count: price });

function Price({ quote, missing }) {
  const { covered, leftToday, price } = quote.withSubscription;
  if (covered) return html`<strong>${t("price.covered")}</strong> ${t("price.leftToday", { count: leftToday })}`;
  return html`
    <strong>${t("price.credits", { count: price })}</strong>
    ${quote.totalImages > 1 && html` ${t("price.each", { images: quote.totalImages, each: quote.unitPrice })}`}
    ${quote.discount > 0 && html` ${t("price.discount", { count: quote.discount })}`}
    ${missing > 0 && html` <span class="wrong">${t("price.missing", { count: missing })}</span>`}
  `;
}

function Refused({ refused }) {
  return html`
    <div class="refused">
      <p>${t("review.refused", { count: refused.length })}</p>
      <ul>
        ${refused.slice(0, REFUSED_SHOWN).map(({ file, problem }) => html`<li><bdi>${file.name}</bdi>: ${t(problem, { size: bytes(file.size) })}</li>`)}
        ${refused.length > REFUSED_SHOWN && html`<li>${t("review.more", { count: refused.length - REFUSED_SHOWN })}</li>`}
      </ul>
    </div>
  `;
}

/** What that many images cost in each tier, by the service; null until it has said so. */
function useQuotes(page, count) {
  const [quotes, setQuotes] = useState(null);
  useEffect(() => {
    let isWanted = count > 0;
    setQuotes(null);
    if (isWanted) {
      const asked = TIERS.map((tier) => page.api.post("pricing/calculate", { totalImages: count, tier }));
      Promise.all(asked).then((answers) => isWanted && setQuotes(Object.fromEntries(answers.map((each) => [each.tier, each]))), page.tell);
    }
    return () => {
      isWanted = false;
    };
  }, [count]);
  return quotes;
}
