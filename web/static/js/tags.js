// Tags in use as buttons beside the field they are written into: a press adds the tag, another takes it away.

const words = (input) => input.value.split(/[,，、;]/).map((word) => word.trim()).filter(Boolean);

class TagField extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.input = this.querySelector('input');
    this.addEventListener('click', (event) => {
      const button = event.target.closest('[data-tag]');
      if (button) this.toggle(button.dataset.tag);
    });
    this.input.addEventListener('input', () => this.mark());
    this.input.addEventListener('change', () => this.mark());
    this.mark();
  }

  toggle(tag) {
    const now = words(this.input);
    const next = now.includes(tag) ? now.filter((word) => word !== tag) : [...now, tag];
    this.input.value = next.join(', ');
    this.input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  mark() {
    const now = words(this.input);
    for (const button of this.querySelectorAll('[data-tag]')) {
      button.setAttribute('aria-pressed', String(now.includes(button.dataset.tag)));
    }
  }
}

customElements.define('tag-field', TagField);
