// Choosing several: what is taken from the picker inside <picked-list> becomes a ticked chip below it.
// Without JavaScript the form adds one at a time. Names travel in a hidden field, so that a draft brings them back.

class PickedList extends HTMLElement {
  connectedCallback() {
    if (this.chips) return;
    this.chips = this.querySelector('[data-picked]');
    this.names = this.querySelector('[data-picked-names]');
    this.picker = this.querySelector('combo-box');
    this.picker.addEventListener('change', (event) => {
      if (event.target.matches('[data-value]') && event.target.value) this.take(event.target.value);
    });
    this.form = this.closest('form');
    this.chips.addEventListener('change', (event) => this.note(event.target));
    this.form?.addEventListener('change', (event) => { if (event.target === this.form) this.restore(); });
    this.restore(); // a draft may have come back before this script
  }

  take(id) {
    const text = this.picker.querySelector('[role=combobox]').value;
    this.note(this.add(id, text));
    this.picker.querySelector('[data-clear]')?.click();
    this.names.dispatchEvent(new Event('change', { bubbles: true }));
  }

  /** Keep the names of those who are ticked here, because the server does not know them yet. */
  note(input) {
    const names = this.added;
    if (input.checked) names[input.value] = input.parentElement.textContent.trim();
    else delete names[input.value];
    this.names.value = JSON.stringify(names);
  }

  get added() {
    try { return JSON.parse(this.names.value || '{}'); } catch { return {}; }
  }

  add(id, text) {
    const there = [...this.chips.querySelectorAll('input')].find((input) => input.value === id);
    if (there) {
      there.checked = true;
      return there;
    }
    const chip = this.querySelector('template').content.firstElementChild.cloneNode(true);
    chip.querySelector('input').value = id;
    chip.querySelector('.chip-face span').textContent = text;
    this.chips.append(chip);
    return chip.querySelector('input');
  }

  restore() {
    for (const [id, text] of Object.entries(this.added)) this.add(id, text);
  }
}

customElements.define('picked-list', PickedList);
