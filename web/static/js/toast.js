// Short messages at the foot of the page, with undo. They wait while the pointer or the focus is on them.
import { announce } from './messages.js';

const SECONDS = { good: 6, undo: 12 };

class ToastStack extends HTMLElement {
  connectedCallback() {
    this.setAttribute('popover', 'manual');
    this.addEventListener('click', (event) => {
      if (event.target.closest('[data-dismiss]')) this.drop(event.target.closest('[data-toast]'));
    });
    for (const toast of this.shown) {
      this.keep(toast);
      announce(toast.querySelector('.toast-text').textContent);
    }
    this.surface();
  }

  get shown() { return [...this.querySelectorAll('[data-toast]')]; }

  /** Show one; bad news stays until it is dismissed. The page brings the markup as a template. */
  add({ text, undo = '', tone = 'good' }) {
    const toast = this.querySelector('template').content.firstElementChild.cloneNode(true);
    toast.classList.toggle('toast-bad', tone === 'bad');
    toast.querySelector('.toast-text').textContent = text;
    if (undo) toast.querySelector('form').action = undo;
    else toast.querySelector('form').remove();
    if (tone === 'bad') toast.querySelector('.icon use').setAttribute('href', iconOf('circle-alert', toast));
    const same = this.shown.filter((old) => old.querySelector('.toast-text').textContent === text);
    for (const old of [...same, ...this.shown.slice(0, -2), ...this.querySelectorAll('.toast-bad')]) old.remove();
    this.append(toast);
    announce(text);
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
    if (!this.shown.length && this.matches(':popover-open')) this.hidePopover();
  }

  /** Into the top layer, above an open sheet. */
  surface() {
    if (!this.shown.length) return;
    if (this.matches(':popover-open')) this.hidePopover();
    this.showPopover();
  }
}

const iconOf = (name, toast) => toast.querySelector('.icon use').getAttribute('href').replace(/#.*/, `#${name}`);

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
