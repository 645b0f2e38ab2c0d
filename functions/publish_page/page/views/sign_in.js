// Signing in and all that belongs to it: an account, its confirmation, a new password, an API key instead.
import { useState } from "../vendor/hooks.module.js";
import { html } from "../html.js";
import { maybe, t } from "../texts.js";
import { wording } from "./notices.js";

export function SignIn({ page, session }) {
  const [step, setStep] = useState(page.pool ? "signIn" : "key");
  const [email, setEmail] = useState("");
  const Step = STEPS[step];
  return html`
    <section class="card narrow">
      <${Step} page=${page} session=${session} email=${email} onEmail=${setEmail} go=${setStep} />
    </section>
  `;
}

/** A form that waits for `act`, and says what went wrong beside its button. */
function Form({ title, intro, action, act, children, links = [] }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await act(new FormData(event.target));
    } catch (wrong) {
      if (wrong.status === undefined) throw wrong;
      setError(wrong);
    } finally {
      setBusy(false);
    }
  }

  return html`
    <form onSubmit=${submit}>
      <h1 tabindex="-1">${title}</h1>
      ${intro && html`<p>${intro}</p>`}
      ${children}
      ${error && html`<p class="wrong" role="alert">${maybe(`error.${error.code}`) ?? wording(error)}</p>`}
      <button class="primary" disabled=${isBusy} aria-busy=${isBusy}>${action}</button>
      ${links.map(([text, onClick]) => html`<button type="button" class="link" onClick=${onClick}>${text}</button>`)}
    </form>
  `;
}

function Field({ name, label, hint, ...input }) {
  return html`
    <label class="field">
      <span>${label}</span>
      <input name=${name} required aria-describedby=${hint ? `${name}-hint` : null} ...${input} />
      ${hint && html`<small id=${`${name}-hint`}>${hint}</small>`}
    </label>
  `;
}

function Email({ email, onEmail }) {
  return html`<${Field} name="email" type="email" autocomplete="username" label=${t("signIn.email")} value=${email}
    onInput=${(event) => onEmail(event.target.value)} />`;
}

const NewPassword = () =>
  html`<${Field} name="password" type="password" autocomplete="new-password" minlength="12" label=${t("signIn.password")} hint=${t("signIn.passwordRule")} />`;

const Code = () =>
  html`<${Field} name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" label=${t("signIn.code")} />`;

const STEPS = {
  signIn({ page, email, onEmail, go }) {
    const act = async (form) => {
      try {
        await page.session.signIn(email, form.get("password"));
      } catch (error) {
        if (error.code !== "UserNotConfirmedException") throw error;
        go("confirm");
      }
    };
    return html`
      <${Form} title=${t("signIn.title")} intro=${t("signIn.intro")} action=${t("signIn.action")} act=${act}
        links=${[
          [t("signIn.toSignUp"), () => go("signUp")],
          [t("signIn.toForgotten"), () => go("forgotten")],
          [t("signIn.toKey"), () => go("key")],
        ]}>
        <${Email} email=${email} onEmail=${onEmail} />
        <${Field} name="password" type="password" autocomplete="current-password" label=${t("signIn.password")} />
      <//>
    `;
  },

  signUp({ page, email, onEmail, go }) {
    const act = async (form) => {
      await page.pool.signUp(email, form.get("password"));
      go("confirm");
    };
    return html`
      <${Form} title=${t("signUp.title")} action=${t("signUp.action")} act=${act} links=${[[t("signIn.toSignIn"), () => go("signIn")]]}>
        <${Email} email=${email} onEmail=${onEmail} />
        <${NewPassword} />
      <//>
    `;
  },

  confirm({ page, email, go }) {
    const act = async (form) => {
      await page.pool.confirm(email, form.get("code"));
      go("signIn");
    };
    return html`
      <${Form} title=${t("confirm.title")} intro=${t("confirm.intro", { email })} action=${t("confirm.action")} act=${act}
        links=${[
          [t("confirm.again"), () => page.pool.sendCodeAgain(email).catch(page.tell)],
          [t("signIn.toSignIn"), () => go("signIn")],
        ]}>
        <${Code} />
      <//>
    `;
  },

  forgotten({ page, email, onEmail, go }) {
    const act = async () => {
      await page.pool.forgotPassword(email);
      go("reset");
    };
    return html`
      <${Form} title=${t("forgotten.title")} intro=${t("forgotten.intro")} action=${t("forgotten.action")} act=${act}
        links=${[[t("signIn.toSignIn"), () => go("signIn")]]}>
        <${Email} email=${email} onEmail=${onEmail} />
      <//>
    `;
  },

  reset({ page, email, go }) {
    const act = async (form) => {
      await page.pool.setPassword(email, form.get("code"), form.get("password"));
      go("signIn");
    };
    return html`
      <${Form} title=${t("reset.title")} intro=${t("confirm.intro", { email })} action=${t("reset.action")} act=${act}
        links=${[[t("signIn.toSignIn"), () => go("signIn")]]}>
        <${Code} />
        <${NewPassword} />
      <//>
    `;
  },

  key({ page, go }) {
    const links = page.pool ? [[t("signIn.toSignIn"), () => go("signIn")]] : [];
    return html`
      <${Form} title=${t("key.title")} intro=${t("key.intro")} action=${t("signIn.action")} act=${(form) => page.session.useKey(form.get("key").trim())}
        links=${links}>
        <${Field} name="key" type="password" autocomplete="off" label=${t("key.label")} />
      <//>
    `;
  },
};
