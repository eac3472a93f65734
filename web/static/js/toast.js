// Short messages at the foot of the page, with undo. They wait while the pointer or the focus is on them.
import { csrfToken, say } from './messages.js';

const SECONDS = { good: 6, undo: 12 };

class ToastStack extends HTMLElement {
  connectedCallback() {
    this.setAttribute('popover', 'manual');
    this.addEventListener('click', (event) => {
      if (event.target.closest('[data-dismiss]')) this.drop(event.target.closest('[data-toast]'));
    });
    for (const toast of this.children) this.keep(toast);
    this.surface();
  }

  /** Show one; bad news stays until it is dismissed. */
  add({ text, undo = '', tone = 'good' }) {
    const toast = document.createElement('div');
    toast.className = tone === 'bad' ? 'toast toast-bad' : 'toast';
    toast.dataset.toast = '';
    const words = document.createElement('span');
    words.className = 'toast-text';
    words.textContent = text;
    toast.append(words);
    if (undo) toast.append(undoForm(undo));
    toast.append(dismissButton());
    for (const old of [...this.children].slice(0, -2)) old.remove();
    this.append(toast);
    this.keep(toast);
    this.surface();
  }

  keep(toast) {
    if (toast.classList.contains('toast-bad')) return;
    const wait = (toast.querySelector('form') ? SECONDS.undo : SECONDS.good) * 1000;
    const tick = () => {
      if (toast.matches(':hover, :focus-within')) setTimeout(tick, 2000);
      else this.drop(toast);
    };
    setTimeout(tick, wait);
  }

  drop(toast) {
    toast?.remove();
    if (!this.children.length && this.matches(':popover-open')) this.hidePopover();
  }

  /** Into the top layer, above an open sheet. */
  surface() {
    if (!this.children.length) return;
    if (this.matches(':popover-open')) this.hidePopover();
    this.showPopover();
  }
}

function undoForm(address) {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = address;
  const token = document.createElement('input');
  Object.assign(token, { type: 'hidden', name: 'csrf_token', value: csrfToken() });
  const button = document.createElement('button');
  button.className = 'button';
  button.textContent = say('undo');
  form.append(token, button);
  return form;
}

function dismissButton() {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button button-icon';
  button.dataset.dismiss = '';
  button.setAttribute('aria-label', say('dismiss'));
  button.textContent = '✕';
  return button;
}

customElements.define('toast-stack', ToastStack);

/** Show a message: {text, undo?, tone?: 'good' | 'bad'}. */
export function toast(message) {
  document.querySelector('toast-stack')?.add(typeof message === 'string' ? { text: message } : message);
}

// From the server: HX-Trigger: {"toast": {"text": "…", "undo": "/…"}}
document.addEventListener('toast', (event) => {
  const { text, undo, tone, value } = event.detail ?? {};
  toast({ text: text ?? value, undo, tone });
});
