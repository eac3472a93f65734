// What the scripts say, in the reader's language; the page brings the words.

const element = document.getElementById('messages');
const words = element ? JSON.parse(element.textContent) : {};

/** The words for `key`, with {name} replaced from `values`. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

let region;

/** Read `text` aloud without moving the focus. */
export function announce(text) {
  if (!region) {
    region = document.createElement('div');
    region.className = 'sr-only';
    region.setAttribute('role', 'status');
    document.querySelector('main')?.append(region);
  }
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 60);
}

/** The page's CSRF token, for requests that no form makes. */
export function csrfToken() {
  const headers = document.body.getAttribute('hx-headers:inherited');
  return headers ? JSON.parse(headers)['X-CSRFToken'] : '';
}
