// <button data-passkey="get|create" data-options="/address" data-into="field">: asks the server what is to be signed, lets
// the device sign it, puts the answer into the field of its form and sends that. Where the browser knows no passkeys the
// button's surroundings ([data-passkey-part]) are hidden; passwords and codes work without scripts.
import { csrfToken, say } from './messages.js';
import { toast } from './toast.js';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** The options as the browser wants them: binary where they came as text. */
function readable(options) {
  const keys = (list) => (list ?? []).map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.allowCredentials && { allowCredentials: keys(options.allowCredentials) }),
    ...(options.excludeCredentials && { excludeCredentials: keys(options.excludeCredentials) }),
  };
}

/** What the device answered, as text. */
function told(credential) {
  const response = Object.create(null);
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function sign(button) {
  const answer = await fetch(button.dataset.options, { method: 'POST', headers: { 'X-CSRFToken': csrfToken() } });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  const publicKey = readable(await answer.json());
  return told(await navigator.credentials[button.dataset.passkey]({ publicKey }));
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-passkey]');
  if (!button) return;
  event.preventDefault();
  // Before the device makes a key: one that the form then refuses would stay on it, and open nothing.
  if (button.dataset.passkey === 'create' && !button.form.reportValidity()) return;
  button.disabled = true;
  try {
    button.form.elements.namedItem(button.dataset.into).value = await sign(button);
    button.form.requestSubmit();
  } catch (failed) {
    const known = failed?.name === 'InvalidStateError';
    toast({ text: say(known ? 'passkey_known' : 'passkey_failed'), tone: 'bad' });
  } finally {
    button.disabled = false;
  }
});

if (!window.PublicKeyCredential) {
  for (const part of document.querySelectorAll('[data-passkey-part]')) part.hidden = true;
}
