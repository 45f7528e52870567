import { html, nothing } from 'lit-html';

interface SignIn {
  email: string;
  problem?: string;
  onEmail(email: string): void;
  onCode(code: string): void;
}

/** Asks for an e-mail address, then for the code that was sent there. */
export function signInView({ email, problem, onEmail, onCode }: SignIn) {
  const sent = email !== '';
  const submit = (event: Event) => {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement);
    if (sent) onCode(String(said.get('code')));
    else onEmail(String(said.get('email')));
  };
  return html`<section class="card">
    <h1>Sign in</h1>
    <form @submit=${submit}>
      ${
        sent
          ? html`<p class="quiet">If ${email} belongs to somebody here, a code is on its way to that mailbox.</p>
            <label>Code <input name="code" autocomplete="one-time-code" required autofocus /></label>
            <button>Sign in</button>
            <button class="plain" type="button" @click=${() => onEmail('')}>Another address</button>`
          : html`<label>E-mail address <input name="email" type="email" autocomplete="email" required autofocus /></label>
            <button>Send me a code</button>
            <p class="quiet"><a href="/auth/oidc">Sign in with your organization's account</a>, if it is set up.</p>`
      }
      ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
    </form>
  </section>`;
}
