// Choosing a company, a contact or a member by typing. The server answers rows of role="option".
import { announce, say } from './messages.js';
import { LONGEST } from './queries.js';

const WAIT = 180;

class ComboBox extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.input = this.querySelector('[role=combobox]');
    this.list = this.querySelector('[role=listbox]');
    this.value = this.querySelector('[data-value]');
    this.create = this.querySelector('input[data-create]');
    this.clear = this.querySelector('[data-clear]');
    this.chosen = this.input.value;
    this.input.addEventListener('input', () => { this.choose('', ''); this.later(); });
    // Only a press or a key opens the list: focus alone, as in a sheet that opens, must not cover the form.
    this.input.addEventListener('click', () => { if (!this.value.value && !this.open) this.later(0); });
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.input.addEventListener('blur', () => setTimeout(() => this.close(), 120));
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => this.take(event.target.closest('[role=option]')));
    this.input.form?.addEventListener('change', () => this.showClear());
    this.clear?.addEventListener('click', () => {
      this.input.value = '';
      this.choose('', '');
      this.input.focus();
    });
  }

  get options() { return [...this.list.querySelectorAll('[role=option]:not([aria-disabled=true])')]; }

  get open() { return !this.list.hidden; }

  later(wait = WAIT) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), wait);
  }

  async search() {
    this.request?.abort();
    this.request = new AbortController();
    const address = new URL(this.dataset.url, location.href);
    address.searchParams.set('q', this.input.value.trim().slice(0, LONGEST));
    try {
      const answer = await fetch(address, { headers: { 'HX-Request': 'true' }, signal: this.request.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.show(await answer.text());
    } catch (error) {
      if (error.name !== 'AbortError') this.close();
    }
  }

  show(rows) {
    if (document.activeElement !== this.input) return;
    this.list.innerHTML = rows;
    this.options.forEach((option, at) => { option.id ||= `${this.list.id}-${at}`; });
    this.list.hidden = !this.list.children.length;
    this.input.setAttribute('aria-expanded', String(this.open));
    this.mark(this.input.value.trim() ? this.options[0] : null);
    const count = this.options.filter((option) => !('create' in option.dataset)).length;
    announce(count ? say('results', { count }) : say('no_results'));
    if (this.open) this.list.scrollIntoView({ block: 'nearest' });
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.mark(null);
  }

  mark(option) {
    for (const other of this.options) other.setAttribute('aria-selected', String(other === option));
    if (option) {
      this.input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({ block: 'nearest' });
    } else this.input.removeAttribute('aria-activedescendant');
  }

  key(event) {
    const list = this.options;
    const at = list.findIndex((option) => option.getAttribute('aria-selected') === 'true');
    if (event.key === 'ArrowDown' && !this.open) this.search();
    else if (event.key === 'ArrowDown') this.mark(list[(at + 1) % list.length]);
    else if (event.key === 'ArrowUp' && this.open) this.mark(list.at(at - 1));
    else if (event.key === 'Enter' && this.open && at >= 0) this.take(list[at]);
    else if (event.key === 'Escape' && this.open) { event.stopPropagation(); this.close(); }
    else return;
    event.preventDefault();
  }

  take(option) {
    if (!option || option.getAttribute('aria-disabled') === 'true') return;
    const adds = 'create' in option.dataset;
    this.input.value = option.dataset.text;
    this.choose(option.dataset.value, adds ? option.dataset.create : '');
    this.close();
    if (adds) announce(say('will_add', { name: option.dataset.text }));
  }

  choose(value, create) {
    const changed = this.value.value !== value || this.create.value !== create;
    this.value.value = value;
    this.create.value = create;
    this.showClear();
    if (changed) this.value.dispatchEvent(new Event('change', { bubbles: true }));
  }

  showClear() {
    if (this.clear) this.clear.hidden = !this.value.value && !this.create.value;
  }
}

customElements.define('combo-box', ComboBox);
