import { createHash } from 'node:crypto';
import type { Approval } from '#core/approvals/approval.ts';
import { visible } from '#core/visible.ts';
import { type Html, html, trusted } from './html.ts';
import { page, pageHeaders } from './page.ts';

/** The only script around approvals. It moves what the authenticator says into the form, and touches nothing else. */
const SCRIPT = `
const form=document.querySelector('form'),ask=JSON.parse(form.dataset.ask),said=document.querySelector('output');
const options=o=>({publicKey:PublicKeyCredential.parseRequestOptionsFromJSON(o)});
const get=async o=>JSON.stringify((await navigator.credentials.get(options(o))).toJSON());
for(const button of form.querySelectorAll('button[type=button]'))button.addEventListener('click',async()=>{
said.textContent='Waiting for your passkey…';
try{
const verdict=button.value;
if(verdict==='decline'&&!form.elements.reason.value.trim())throw new Error('To decline, say why.');
if(verdict==='add'){
if(ask.prove)form.elements.proof.value=await get(ask.prove);
const made=await navigator.credentials.create({publicKey:PublicKeyCredential.parseCreationOptionsFromJSON(ask.create)});
form.elements.response.value=JSON.stringify(made.toJSON());
}else{form.elements.decision.value=verdict;form.elements.assertion.value=await get(ask[verdict]);}
form.submit();
}catch(error){said.textContent=error.name==='NotAllowedError'?'Your passkey was not used. Press again to try once more.':error.message;}
});`;

/** As of every page of ours, but for the one script, which may ask for a passkey of this site. */
export function passkeyHeaders(): Record<string, string> {
  const headers = pageHeaders();
  const script = createHash('sha256').update(SCRIPT).digest('base64');
  return {
    ...headers,
    'content-security-policy': `${headers['content-security-policy']}; script-src 'sha256-${script}'`,
    'permissions-policy': 'publickey-credentials-get=(self), publickey-credentials-create=(self)',
  };
}

export interface StepUp {
  approval: Approval;
  /** The single-use token of the form. */
  form: string;
  /** Options for the browser, by verdict. */
  ask: Record<'approve' | 'decline', object>;
}

/** Where a decision of high risk is made. Nothing that an agent wrote is on it: script and untrusted text never share a page. */
export function stepUpPage({ approval: { id, org, payloadHash, revision }, form, ask }: StepUp): string {
  return page(
    'Decide with your passkey',
    html`<header><span>Signalbox · ${org}</span><span>${id.slice(-6)}</span></header>
<h1>Decide with your passkey</h1>
<p class="lead">You have seen the request on the page before. Your passkey signs your decision on exactly that.</p>
<section><dl><dt>Request</dt><dd>${id}</dd><dt>Revision</dt><dd>${revision}</dd><dt>Fingerprint</dt><dd>${payloadHash}</dd></dl>
<p class="hint">Compare the fingerprint with the page or the mail. <a href="/a/${id}">Read the request again</a></p></section>
<form method="post" action="/a/${id}/decision" data-ask="${JSON.stringify(ask)}"><h2>Your decision</h2>
<button disabled hidden></button><input type="hidden" name="form" value="${form}"><input type="hidden" name="decision"><input type="hidden" name="assertion">
<label for="reason">Reason (required to decline)</label><textarea id="reason" name="reason" maxlength="2000"></textarea>
<div class="buttons"><button type="button" class="no" value="decline">Decline</button><button type="button" class="go" value="approve">Approve exactly this</button></div>
<p class="hint"><output></output></p></form>${script()}`,
  );
}

/** Somebody's own passkeys, and a button to add one. */
export function passkeysPage(
  email: string,
  {
    passkeys,
    ask,
  }: { passkeys: { id: string; createdAt: string; lastUsedAt?: string | undefined }[]; ask: object },
): string {
  const rows = passkeys.map(
    ({ id, createdAt, lastUsedAt }) =>
      html`<li>${id.slice(0, 8)}…, added ${day(createdAt)}, ${lastUsedAt ? `last used ${day(lastUsedAt)}` : 'never used'}</li>`,
  );
  return page(
    'Passkeys',
    html`<header><span>Signalbox</span><span>${visible(email)}</span></header><h1>Passkeys</h1>
<p class="lead">Requests of high risk are decided with a passkey: this device, your phone or a security key.</p>
<section><h2>Yours</h2>${rows.length > 0 ? html`<ul>${rows}</ul>` : html`<p>None yet.</p>`}</section>
<form method="post" action="/auth/passkeys" data-ask="${JSON.stringify(ask)}"><input type="hidden" name="response"><input type="hidden" name="proof">
<p>${rows.length > 0 ? 'To add another, you first use one that you have.' : 'You will get a mail that says that it was added.'}</p>
<div class="buttons"><button type="button" class="go" value="add">Add a passkey</button></div><p class="hint"><output></output></p></form>${script()}`,
  );
}

function script(): Html {
  return html`<script>${trusted(SCRIPT)}</script>`;
}

function day(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
