// One state for the whole page, replaced and never changed, so that views can compare what they show.
import { useEffect, useReducer, useRef } from "./vendor/hooks.module.js";

export class Store {
  #listeners = new Set();

  constructor(state) {
    this.state = state;
  }

  /** Merges what `change` returns into the state and tells whoever listens. */
  update(change) {
    this.state = { ...this.state, ...change(this.state) };
    for (const listener of this.#listeners) listener(this.state);
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The part of the state that `select` picks; the view is drawn anew when it is another one. */
export function useStore(store, select) {
  const [, redraw] = useReducer((times) => times + 1, 0);
  const part = select(store.state);
  const drawn = useRef(null);
  drawn.current = { select, part };
  useEffect(() => {
    const look = (state) => drawn.current.select(state) !== drawn.current.part && redraw();
    look(store.state);
    return store.subscribe(look);
  }, [store]);
  return part;
}
