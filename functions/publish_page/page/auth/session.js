// Who uses the page. The access token lives in memory alone; what renews it, or an API key, in this origin's storage,
// which no other origin can read and which the Content-Security-Policy keeps from foreign scripts.
import { Store } from "../store.js";

const KEPT = "session";
const EARLY = 60_000; // Milliseconds before its end at which a token counts as expired.

export class Session {
  #access = null;
  #renewing = null;

  constructor(pool) {
    this.pool = pool;
    this.store = new Store({ ...stored(), expired: false });
    // Another tab signed in or out.
    addEventListener("storage", ({ key }) => {
      if (key === KEPT || key === null) this.#follow();
    });
  }

  get isOpen() {
    return this.store.state.kind !== null;
  }

  async signIn(email, password) {
    const tokens = await this.pool.signIn(email, password);
    this.#remember(tokens);
    this.#keep({ kind: "user", name: email, secret: tokens.RefreshToken });
  }

  useKey(key) {
    this.#keep({ kind: "key", name: `${key.slice(0, 12)}…`, secret: key });
  }

  /** What stands behind "Bearer"; a JWT is renewed when its time is up. */
  async token() {
    const { kind, secret } = this.store.state;
    if (kind === "key") return secret;
    if (!this.#access || this.#access.until - EARLY < Date.now()) await this.renewed();
    return this.#access?.token ?? "";
  }

  /** Gets another access token; false where that cannot be. Several who ask at once get the same. */
  renewed() {
    if (this.store.state.kind !== "user") return Promise.resolve(false);
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Nothing that is kept opens the API any more: whoever sits here has to sign in again. */
  expire() {
    if (this.isOpen) this.#keep(null, { expired: true });
  }

  signOut() {
    this.#keep(null);
  }

  async signOutEverywhere() {
    await this.pool.signOutEverywhere(await this.token());
    this.#keep(null);
  }

  async #renew() {
    try {
      this.#remember(await this.pool.refresh(this.store.state.secret));
      return true;
    } catch (error) {
      if (error.status === 0) throw error; // Offline is not signed out.
      this.expire();
      return false;
    }
  }

  #remember({ AccessToken, ExpiresIn }) {
    this.#access = { token: AccessToken, until: Date.now() + ExpiresIn * 1000 };
  }

  #keep(session, { expired = false } = {}) {
    if (session) localStorage.setItem(KEPT, JSON.stringify(session));
    else localStorage.removeItem(KEPT);
    if (!session) this.#access = null;
    this.store.update(() => ({ ...stored(), expired }));
  }

  #follow() {
    const now = stored();
    if (now.secret === this.store.state.secret) return;
    this.#access = null;
    this.store.update(() => ({ ...now, expired: false }));
  }
}

function stored() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "null") ?? { kind: null, name: null, secret: null };
}
