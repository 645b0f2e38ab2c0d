// The fields of how a result shall look, for new photos and for downloads alike.
import { useState } from "../vendor/hooks.module.js";
import { CROPS, FORMATS, SIZES } from "../choices.js";
import { html } from "../html.js";
import { number, t } from "../texts.js";

const WHITE = "#ffffff";
const A_COLOUR = "#f2f2f2";

export function Options({ chosen, onChoose }) {
  // Not by the colour itself: who tries others may come past white.
  const [isOther, setOther] = useState(chosen.background !== "" && chosen.background !== WHITE);
  const choose = (name) => (event) => onChoose({ ...chosen, [name]: event.target.value });
  const background = (text, colour, other = false) => {
    const isChosen = isOther ? other : !other && chosen.background === colour;
    const take = () => {
      setOther(other);
      onChoose({ ...chosen, background: colour });
    };
    return html`<label><input type="radio" name="background" checked=${isChosen} onChange=${take} /> ${text}</label>`;
  };
  return html`
    <div class="options">
      <fieldset class="field">
        <legend>${t("options.background")}</legend>
        ${background(t("options.transparent"), "")}
        ${background(t("options.white"), WHITE)}
        ${background(t("options.colour"), A_COLOUR, true)}
        ${isOther && html`<input type="color" aria-label=${t("options.colour")} value=${chosen.background} onInput=${choose("background")} />`}
      </fieldset>
      <${Choice} label=${t("options.size")} value=${chosen.maxSize} onChange=${choose("maxSize")}
        values=${SIZES.map((size) => [size, size ? t("options.pixels", { size: number(Number(size)) }) : t("options.fullSize")])} />
      <${Choice} label=${t("options.crop")} value=${chosen.crop} onChange=${choose("crop")}
        values=${CROPS.map((crop) => [crop, crop === "" ? t("options.whole") : crop === "0" ? t("options.tight") : t("options.margin", { margin: crop })])} />
      <${Choice} label=${t("options.format")} value=${chosen.format} onChange=${choose("format")} values=${FORMATS.map((format) => [format, format.toUpperCase()])} />
      ${chosen.format === "jpeg" && !chosen.background && html`<small>${t("options.jpegIsWhite")}</small>`}
    </div>
  `;
}

function Choice({ label, value, values, onChange }) {
  return html`
    <label class="field">
      <span>${label}</span>
      <select value=${value} onChange=${onChange}>
        ${values.map(([each, text]) => html`<option value=${each}>${text}</option>`)}
      </select>
    </label>
  `;
}
