// Says how good a new password is while it is typed. Who has no scripts is told beside the field when the form is sent.
import { csrfToken } from './messages.js';

const PAUSE = 350; // ms after the last key
// What a password must not be made of: fields of its form, or what that says by data-known-… where it has none.
const KNOWN = ['name', 'email', 'company', 'slug', 'workspace'];

for (const place of document.querySelectorAll('[data-strength]')) {
  const input = document.getElementById(place.dataset.strength);
  let waiting = 0;
  let asked = null;
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const body = new FormData();
    body.append('password', input.value);
    for (const name of KNOWN) {
      const { elements, dataset } = input.form;
      const known = elements.namedItem(name)?.value || dataset[`known${name[0].toUpperCase()}${name.slice(1)}`];
      if (known) body.append(name, known);
    }
    try {
      const answer = await fetch('/signup/strength', {
        method: 'POST', body, headers: { 'X-CSRFToken': csrfToken() }, signal: asked.signal,
      });
      if (answer.ok) place.innerHTML = await answer.text();
    } catch { /* no connection, or typed on: the form itself says it */ }
  };
  input?.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
}
