// Nothing typed is lost: <form data-draft="company:new"> keeps what is typed on this device until it is saved.
// A draft survives a reload, an expired session and a lost connection. Passwords and files are never kept.
import { say } from './messages.js';

const DAYS = 14;
const prefix = () => `draft:${document.body.dataset.scope ?? ''}:`;
const keyOf = (form) => prefix() + form.dataset.draft;

const store = {
  read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  },
  write(key, value) {
    try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
  },
  drop(key) {
    try { localStorage.removeItem(key); } catch { /* a full or forbidden storage has nothing to drop */ }
  },
  keys() {
    try { return Object.keys(localStorage).filter((key) => key.startsWith('draft:')); } catch { return []; }
  },
};

// Until lately drafts were kept under the workspace's address, which may change: they go on under its id.
function adopt() {
  const [, member] = (document.body.dataset.scope ?? '').split(':');
  if (!member) return;
  const before = `draft:${location.pathname.split('/')[1]}:${member}:`;
  for (const key of store.keys().filter((name) => name.startsWith(before))) {
    const now = prefix() + key.slice(before.length);
    if (store.read(now) === null) store.write(now, store.read(key));
    store.drop(key);
  }
}

const kept = (field) => field.name && !field.closest('[data-no-draft]')
  && !['password', 'file', 'submit', 'button'].includes(field.type)
  && !['csrf_token', 'idempotency_key'].includes(field.name);

function collect(form) {
  const words = Object.create(null); // a field may be called anything, also __proto__
  for (const field of form.elements) {
    if (!kept(field)) continue;
    if (['checkbox', 'radio'].includes(field.type)) {
      words[field.name] ??= [];
      if (field.checked) words[field.name].push(field.value);
    } else (words[field.name] ??= []).push(field.value);
  }
  return words;
}

function restore(form, words) {
  const seen = Object.create(null);
  for (const field of form.elements) {
    if (!kept(field) || !Object.hasOwn(words, field.name)) continue;
    const values = words[field.name];
    if (['checkbox', 'radio'].includes(field.type)) field.checked = values.includes(field.value);
    else {
      const at = seen[field.name] = (seen[field.name] ?? -1) + 1;
      if (values[at] !== undefined) field.value = values[at];
    }
  }
  form.dispatchEvent(new Event('change', { bubbles: true }));
  form.querySelector('input, textarea, select')?.dispatchEvent(new Event('change', { bubbles: true }));
  recheck(form);
}

// What the server was asked about while it was typed may be otherwise by now: an address may be taken.
// htmx attaches itself to the page a moment after its script has run, which may be later than the page's own load.
function recheck(form) {
  for (const field of form.querySelectorAll('[data-restored]')) {
    if (!field.value) continue;
    const ask = () => field.dispatchEvent(new Event('restored'));
    if (field.dataset.htmxPowered) ask();
    else field.addEventListener('htmx:after:init', ask, { once: true });
  }
}

function note(form, original) {
  const line = document.createElement('div');
  line.className = 'draft-note';
  line.setAttribute('role', 'status');
  line.textContent = say('restored');
  const discard = document.createElement('button');
  discard.type = 'button';
  discard.className = 'button button-quiet';
  discard.textContent = say('discard');
  discard.addEventListener('click', () => {
    restore(form, original);
    store.drop(keyOf(form));
    line.remove();
    form.querySelector('input:not([type=hidden]), textarea, select')?.focus();
  });
  line.append(discard);
  form.prepend(line);
}

// The version tells upon what was typed, so that what others change meanwhile is not undone; it is no word of its own.
const words = ({ version, ...rest }) => JSON.stringify(rest);
const same = (a, b) => words(a) === words(b);

function attach(form) {
  if (form._draft) return;
  form._draft = true;
  const original = collect(form);
  const draft = store.read(keyOf(form));
  // An answer with errors already shows what was typed; the draft is then at most as new.
  const answered = form.querySelector('[data-focus-first]') || 'posted' in document.body.dataset;
  if (draft && !answered && same(draft.words, original)) store.drop(keyOf(form));
  else if (draft && !answered) {
    restore(form, draft.words);
    note(form, original);
  }
  let timer;
  const save = () => {
    clearTimeout(timer);
    const words = collect(form);
    if (same(words, original)) store.drop(keyOf(form));
    else if (store.write(keyOf(form), { at: Date.now(), words })) mark(form);
  };
  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(save, 300); });
  form.addEventListener('change', save);
  addEventListener('pagehide', () => { if (timer && form.isConnected && !form._saved) save(); });
  form.addEventListener('submit', () => {
    save();
    store.write('draft-sent', { key: keyOf(form), path: location.pathname });
  });
}

function mark(form) {
  const line = form.querySelector('.save-state');
  if (line && line.dataset.state !== 'failed') line.textContent = say('kept');
}

/** Attach to every form with a draft within the page. */
export function attachDrafts() {
  for (const form of document.querySelectorAll('form[data-draft]')) attach(form);
}

// A plain form was saved when the page that answers it is neither a sign-in nor an error nor the form with errors.
// A page that is reached otherwise (back, reload, a bookmark) is no answer, and the draft stays.
function settleSent() {
  const sent = store.read('draft-sent');
  if (!sent) return;
  store.drop('draft-sent');
  const answers = performance.getEntriesByType('navigation')[0]?.type === 'navigate'
    && document.referrer && new URL(document.referrer).pathname === sent.path;
  const refused = 'public' in document.body.dataset || 'error' in document.body.dataset
    || document.querySelector('form[data-draft] [data-focus-first]');
  if (answers && 'posted' in document.body.dataset) passOn(sent.key);
  else if (answers && !refused) store.drop(sent.key);
}

// The page asks further before anything is saved: the form it sends is still the one whose words are kept.
function passOn(key) {
  if ([...document.querySelectorAll('form[data-draft]')].some((form) => keyOf(form) === key)) return;
  document.addEventListener('submit', ({ target }) => {
    if (target.method === 'post') store.write('draft-sent', { key, path: location.pathname });
  });
}

function forgetOld() {
  for (const key of store.keys()) {
    const draft = store.read(key);
    if (key !== 'draft-sent' && !(draft?.at > Date.now() - DAYS * 86400000)) store.drop(key);
  }
}

document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  const form = ctx?.request?.form ?? ctx?.sourceElement?.closest?.('form[data-draft]');
  if (!form?.dataset?.draft || ctx.request.method === 'GET') return;
  const gone = ctx.response.headers.get('HX-Redirect')?.includes('signin');
  if (ctx.response.status < 400 && !gone) {
    form._saved = true;
    store.drop(keyOf(form));
  }
  store.drop('draft-sent');
});
document.addEventListener('htmx:after:swap', attachDrafts);
document.addEventListener('submit', (event) => {
  if ('forgetDrafts' in event.target.dataset) for (const key of store.keys()) store.drop(key);
});

settleSent();
adopt();
forgetOld();
attachDrafts();
