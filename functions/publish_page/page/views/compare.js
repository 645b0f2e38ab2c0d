// Before and after under one slider, on any backdrop, up to eight times as large.
import { useEffect, useRef, useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { number, t } from "../texts.js";

const LARGEST = 8;
const STEP = 1.25;
const BACKDROPS = ["checkers", "white", "black", "colour", "photo"];
const STRIDE = 60; // Pixels that an arrow key moves the picture.

/** The part of the photo that is looked at: `scale` 1 shows all of it, `x` and `y` move its middle, in pixels. */
const WHOLE = { scale: 1, x: 0, y: 0 };

/** `after` is the whole cut-out, with nothing behind it. */
export function Compare({ before, after, job }) {
  const [hasBefore, setHasBefore] = useState(Boolean(before));
  const [split, setSplit] = useState(50);
  const [backdrop, setBackdrop] = useState({ kind: "checkers", colour: "#3b82f6", photo: null });
  const [view, setView] = useState(WHOLE);
  const stage = useRef(null);
  useGestures(stage, setView);

  const zoom = (factor) => setView((now) => zoomed(now, factor, 0, 0, stage.current));
  const move = (x, y) => setView((now) => held({ ...now, x: now.x + x, y: now.y + y }, stage.current));
  const keys = {
    "+": () => zoom(STEP),
    "=": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    0: () => setView(WHOLE),
    ArrowLeft: () => move(STRIDE, 0),
    ArrowRight: () => move(-STRIDE, 0),
    ArrowUp: () => move(0, STRIDE),
    ArrowDown: () => move(0, -STRIDE),
  };
  const onKeyDown = (event) => {
    if (!Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  };
  const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  const behind = backdropStyle(backdrop);
  return html`
    <div class="compare">
      <div class=${`stage ${backdrop.kind}`} ref=${stage} tabindex="0" role="group" aria-label=${t("compare.stage")} onKeyDown=${onKeyDown} style=${behind}>
        <img class="after" crossorigin="anonymous" src=${after} alt=${t("compare.after", { name: job.fileName ?? "" })} style=${{ transform }} draggable=${false} />
        ${hasBefore &&
        html`
          <div class="before" style=${{ clipPath: `inset(0 ${100 - split}% 0 0)` }}>
            <img crossorigin="anonymous" src=${before} alt=${t("compare.before")} style=${{ transform }} draggable=${false} onError=${() => setHasBefore(false)} />
          </div>
          <div class="edge" style=${{ left: `${split}%` }}></div>
          <span class="side" aria-hidden="true">${t("compare.beforeShort")}</span>
          <span class="side end" aria-hidden="true">${t("compare.afterShort")}</span>
        `}
      </div>
      ${hasBefore &&
      html`<input class="split" type="range" min="0" max="100" value=${split} aria-label=${t("compare.slider")} onInput=${(event) => setSplit(Number(event.target.value))} />`}
      <div class="row">
        <div class="buttons" role="group" aria-label=${t("compare.zoom")}>
          <button onClick=${() => zoom(1 / STEP)} aria-label=${t("compare.smaller")}>−</button>
          <output>${number(view.scale, { maximumFractionDigits: 1 })} ×</output>
          <button onClick=${() => zoom(STEP)} aria-label=${t("compare.larger")}>+</button>
          <button onClick=${() => setView(WHOLE)}>${t("compare.fit")}</button>
        </div>
        <${Backdrops} backdrop=${backdrop} onChoose=${setBackdrop} />
      </div>
    </div>
  `;
}

function Backdrops({ backdrop, onChoose }) {
  const choosePhoto = (event) => {
    const [file] = event.target.files;
    if (backdrop.photo) URL.revokeObjectURL(backdrop.photo);
    if (file) onChoose({ ...backdrop, kind: "photo", photo: URL.createObjectURL(file) });
  };
  return html`
    <fieldset class="backdrops">
      <legend>${t("backdrop.title")}</legend>
      ${BACKDROPS.map(
        (kind) => html`<label><input type="radio" name="backdrop" checked=${backdrop.kind === kind} onChange=${() => onChoose({ ...backdrop, kind })} /> ${t(`backdrop.${kind}`)}</label>`,
      )}
      ${backdrop.kind === "colour" &&
      html`<input type="color" aria-label=${t("backdrop.colour")} value=${backdrop.colour} onInput=${(event) => onChoose({ ...backdrop, colour: event.target.value })} />`}
      ${backdrop.kind === "photo" && html`<input type="file" accept="image/*" aria-label=${t("backdrop.choosePhoto")} onChange=${choosePhoto} />`}
    </fieldset>
  `;
}

function backdropStyle({ kind, colour, photo }) {
  if (kind === "colour") return { backgroundColor: colour };
  return kind === "photo" && photo ? { backgroundImage: `url("${photo}")` } : {};
}

/** Wheel, drag and two fingers. */
function useGestures(stage, setView) {
  useEffect(() => {
    const element = stage.current;
    const fingers = new Map();
    const fromMiddle = ({ clientX, clientY }) => {
      const box = element.getBoundingClientRect();
      return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
    };
    const spread = () => {
      const [one, other] = [...fingers.values()];
      return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    };
    const wheel = (event) => {
      event.preventDefault();
      setView((now) => zoomed(now, Math.exp(-event.deltaY / 400), ...fromMiddle(event), element));
    };
    const down = (event) => {
      fingers.set(event.pointerId, event);
      element.setPointerCapture(event.pointerId);
    };
    const moving = (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const before = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, event);
      const [byX, byY] = [event.clientX - last.clientX, event.clientY - last.clientY];
      setView((now) => {
        const moved = held({ ...now, x: now.x + byX / fingers.size, y: now.y + byY / fingers.size }, element);
        return before ? zoomed(moved, spread() / before, ...fromMiddle(event), element) : moved;
      });
    };
    const up = (event) => fingers.delete(event.pointerId);
    const listeners = { wheel, pointerdown: down, pointermove: moving, pointerup: up, pointercancel: up };
    for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener, { passive: false });
    return () => {
      for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener);
    };
  }, []);
}

/** Larger by `factor` around a point, given from the stage's middle. */
function zoomed(view, factor, aroundX, aroundY, stage) {
  const scale = Math.min(LARGEST, Math.max(1, view.scale * factor));
  const grown = scale / view.scale;
  return held({ scale, x: aroundX - (aroundX - view.x) * grown, y: aroundY - (aroundY - view.y) * grown }, stage);
}

/** Not moved off the stage. */
function held({ scale, x, y }, stage) {
  const most = (length) => ((scale - 1) * length) / 2;
  const within = (value, bound) => Math.min(bound, Math.max(-bound, value));
  return { scale, x: within(x, most(stage.clientWidth)), y: within(y, most(stage.clientHeight)) };
}
