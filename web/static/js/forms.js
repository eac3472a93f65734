// Saving: busy buttons, no double submit, what failed says so beside the form and keeps the words.
import { announce, say } from './messages.js';
import { toast } from './toast.js';

const HTMX = '[hx-post], [hx-patch], [hx-put], [hx-delete]';
const BY_STATUS = { 401: 'signed_out', 403: 'forbidden', 404: 'gone', 410: 'gone', 413: 'too_large', 429: 'too_many' };

const buttonsOf = (form) => [...form.elements].filter((element) => element.type === 'submit');

function busy(form, submitter) {
  form.dataset.busy = '';
  for (const button of buttonsOf(form)) button.setAttribute('aria-disabled', 'true');
  const button = submitter ?? buttonsOf(form)[0];
  button?.removeAttribute('aria-disabled');
  button?.setAttribute('aria-busy', 'true');
}

function ready(form) {
  delete form.dataset.busy;
  for (const button of buttonsOf(form)) {
    button.removeAttribute('aria-busy');
    button.removeAttribute('aria-disabled');
  }
}

function state(form, text, name = '') {
  const line = form.querySelector('.save-state');
  if (!line) return;
  line.textContent = text;
  line.dataset.state = name;
}

// A second submit while the first is on its way is dropped, with or without htmx.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method === 'dialog' || form.method === 'get') return;
  if ('busy' in form.dataset) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // Our own messages stand beside the fields, but half a date would be sent as none: only the browser can tell.
  const half = [...form.elements].find((element) => element.validity?.badInput);
  if (half) {
    event.preventDefault();
    event.stopImmediatePropagation();
    half.scrollIntoView({ block: 'center' });
    half.reportValidity();
    return;
  }
  state(form, '');
  if (!navigator.onLine && !form.matches(HTMX)) {
    event.preventDefault();
    state(form, say('not_saved'), 'failed');
    toast({ text: say('not_saved'), tone: 'bad' });
    return;
  }
  // After this event, so that the submitter's own value still travels and a refused submit stays usable.
  setTimeout(() => { if (!event.defaultPrevented || form.matches(HTMX)) busy(form, event.submitter); });
}, true);

addEventListener('pageshow', (event) => {
  for (const form of document.querySelectorAll('form[data-busy]')) ready(form);
  // Back at a form whose record is made: what is sent now is another record.
  if (!event.persisted || !window.isSecureContext) return;
  for (const field of document.querySelectorAll('input[name=record_id]')) field.value = crypto.randomUUID();
});

// A deal on the board says itself that it could not be moved.
const tellsItself = (event) => event.detail.ctx.sourceElement.matches?.('.deal');

const formOf = (event) => {
  const element = event.detail?.ctx?.sourceElement ?? event.target;
  return element.closest?.('form');
};

document.addEventListener('htmx:finally:request', (event) => {
  const form = formOf(event);
  if (form) setTimeout(() => ready(form));
});

document.addEventListener('htmx:response:error', (event) => {
  const { status, raw } = event.detail.ctx.response;
  if (status === 422 || status === 409 || raw.headers.get('HX-Trigger') || tellsItself(event)) return;
  const words = say(BY_STATUS[status] ?? 'try_again');
  const form = formOf(event);
  if (form) state(form, words, 'failed');
  toast({ text: words, tone: 'bad' });
});

// The network failed: nothing was swapped, so the form still holds every word.
document.addEventListener('htmx:error', (event) => {
  const { ctx } = event.detail;
  if (!ctx || ctx.response || tellsItself(event)) return;
  const writing = ctx.request.method !== 'GET';
  const words = say(writing ? 'not_saved' : 'offline');
  const form = formOf(event);
  if (form && writing) state(form, words, 'failed');
  toast({ text: words, tone: 'bad' });
});

/** Put the focus where the eye should go after an answer with errors. */
function showErrors(root) {
  const summary = root.querySelector?.('[data-focus-first]');
  if (summary) summary.focus({ preventScroll: false });
}

document.addEventListener('htmx:after:swap', (event) => {
  const { ctx } = event.detail;
  if (ctx?.response?.status === 422) showErrors(document);
  if (ctx?.sourceElement?.matches?.('[data-more]')) announce(say('more_loaded'));
});
showErrors(document);

// A link in the error summary puts the focus into its field, also where the field is a group of radios.
document.addEventListener('click', (event) => {
  const link = event.target.closest('.form-errors a');
  if (!link) return;
  const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const input = field?.matches('fieldset') ? field.querySelector('input') : field;
  if (!input) return;
  event.preventDefault();
  input.focus();
  field.scrollIntoView({ block: 'center' });
});

// Show or hide a password.
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-reveal]');
  if (!button) return;
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === 'password';
  input.type = shown ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(shown));
  button.title = say(shown ? 'hide_password' : 'show_password');
});

const online = () => document.documentElement.classList.toggle('is-offline', !navigator.onLine);
addEventListener('online', online);
addEventListener('offline', online);
online();
