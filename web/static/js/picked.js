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
    this.form?.addEventListener('change', (event) => { if (event.target === this.form) this.restore(); });
  }

  take(id) {
    const text = this.picker.querySelector('[role=combobox]').value;
    this.add(id, text);
    this.names.value = JSON.stringify({ ...this.added, [id]: text });
    this.picker.querySelector('[data-clear]')?.click();
    this.names.dispatchEvent(new Event('change', { bubbles: true }));
  }

  get added() {
    try { return JSON.parse(this.names.value || '{}'); } catch { return {}; }
  }

  add(id, text) {
    const there = [...this.chips.querySelectorAll('input')].find((input) => input.value === id);
    if (there) {
      there.checked = true;
      return;
    }
    const chip = this.querySelector('template').content.firstElementChild.cloneNode(true);
    chip.querySelector('input').value = id;
    chip.querySelector('.chip-face span').textContent = text;
    this.chips.append(chip);
  }

  restore() {
    for (const [id, text] of Object.entries(this.added)) this.add(id, text);
  }
}

customElements.define('picked-list', PickedList);
