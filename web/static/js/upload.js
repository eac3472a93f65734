// <form data-upload="/address">: the file of its field is sent in pieces before the form itself, which then names it in its
// field `upload`. What was lost on the way goes on where it stopped: the server tells which pieces it has. The form's other
// text fields are kept where it has to be loaded anew.
import { announce, csrfToken } from './messages.js';
import { Sha256 } from './sha256.js';

const SLICE = 4 * 1024 * 1024;
const WAITS = [1000, 2000, 4000, 8000]; // ms before a piece is sent once more
const FORBIDDEN = 403;
const UNPROCESSABLE = 422;

/** What stopped a file; `key` names the words of the form for it, `errors` are the server's own by field. */
class Stopped extends Error {
  constructor(key, errors = null) {
    super(key);
    this.key = key;
    this.errors = errors;
  }
}

const pause = (time) => new Promise((done) => { setTimeout(done, time); });
const typedIn = (form) => [...form.querySelectorAll('input.input[type=text]')];
const wordsOf = (form) => JSON.parse(form.dataset.words);

function tell(form, name, text) {
  const input = form.elements.namedItem(name);
  const line = document.getElementById(`field-${name}-error`);
  if (!line) return;
  line.textContent = text;
  line.hidden = !text;
  if (text) input?.setAttribute('aria-invalid', 'true');
  else input?.removeAttribute('aria-invalid');
}

function show(form, key, part) {
  const place = form.querySelector('[data-upload-progress]');
  const bar = place.querySelector('progress');
  if (place.dataset.key !== key) announce(wordsOf(form)[key]);
  place.dataset.key = key;
  place.hidden = false;
  place.querySelector('label').textContent = wordsOf(form)[key];
  bar.value = part * bar.max;
  place.querySelector('label + span').textContent = `${Math.floor(part * 100)} %`;
}

const bytesOf = async (file, begins, ends) => {
  try {
    return new Uint8Array(await file.slice(begins, ends).arrayBuffer());
  } catch {
    throw new Stopped('unreadable');
  }
};

async function digestOf(form, file) {
  const digest = new Sha256();
  for (let at = 0; at < file.size; at += SLICE) {
    show(form, 'reading', at / file.size);
    digest.update(await bytesOf(file, at, at + SLICE));
  }
  return digest.hex();
}

/** Send something once; a lost connection is null, a sign-in that is over stops everything. */
async function send(address, body) {
  let answer;
  try {
    answer = await fetch(address, { method: 'POST', body, redirect: 'manual', headers: { 'X-CSRFToken': csrfToken() } });
  } catch {
    return null;
  }
  if (answer.type === 'opaqueredirect') throw new Stopped('signed_out');
  return answer;
}

async function begin(form, file) {
  const body = new FormData(form);
  for (const name of ['file', 'upload', 'csrf_token']) body.delete(name);
  body.append('file_name', file.name);
  body.append('size', file.size);
  body.append('sha256', await digestOf(form, file));
  const answer = await send(form.dataset.upload, body);
  if (answer?.status === FORBIDDEN) {
    location.assign(`${form.dataset.again}?${new URLSearchParams(typedIn(form).map((field) => [field.name, field.value]))}`);
    throw new Stopped('signed_out');
  }
  if (answer?.status === UNPROCESSABLE) throw new Stopped('refused', (await answer.json()).errors);
  if (!answer?.ok) throw new Stopped('lost');
  return answer.json();
}

async function sendPiece(address, content) {
  for (const wait of [...WAITS, null]) {
    const answer = await send(address, content);
    if (answer?.ok) return;
    if (answer && answer.status < 500 && answer.status !== 429) throw new Stopped(answer.status === 404 ? 'gone' : 'refused');
    if (wait === null) break;
    await pause(wait);
  }
  throw new Stopped('lost');
}

async function upload(form, file) {
  const told = await begin(form, file);
  const here = new Set(told.here);
  for (let number = 0; number < told.pieces; number += 1) {
    show(form, 'sending', number / told.pieces);
    if (here.has(number)) continue;
    const begins = number * told.piece_size;
    await sendPiece(`${told.to}${number}`, await bytesOf(file, begins, begins + told.piece_size));
  }
  show(form, 'checking', 1);
  return told.upload;
}

function setBusy(form, busy) {
  const button = form.querySelector('[type=submit]');
  if (busy) {
    form.dataset.busy = ''; // forms.js lets nothing be sent meanwhile
    button.setAttribute('aria-busy', 'true');
  } else {
    delete form.dataset.busy;
    button.removeAttribute('aria-busy');
  }
}

function refused(form, stopped) {
  const errors = stopped.errors ?? { file: wordsOf(form)[stopped.key] };
  form.querySelector('[data-upload-progress]').hidden = true;
  for (const [name, text] of Object.entries(errors)) tell(form, form.elements.namedItem(name) ? name : 'file', text);
  form.querySelector('[aria-invalid=true]')?.focus();
}

document.addEventListener('submit', async (event) => {
  const form = event.target;
  const field = form.dataset?.upload && form.elements.namedItem('file');
  if (!field || field.disabled || !field.files.length || event.defaultPrevented) return;
  event.preventDefault();
  for (const { name } of [field, ...typedIn(form)]) tell(form, name, '');
  setBusy(form, true);
  try {
    form.elements.namedItem('upload').value = await upload(form, field.files[0]);
    setBusy(form, false);
    field.disabled = true; // it is there: the form only names it
    form.requestSubmit();
  } catch (stopped) {
    setBusy(form, false);
    if (!(stopped instanceof Stopped)) throw stopped;
    refused(form, stopped);
  }
});

// Back at the form: another file may be chosen.
addEventListener('pageshow', () => {
  for (const field of document.querySelectorAll('form[data-upload] input[type=file]')) field.disabled = false;
});
