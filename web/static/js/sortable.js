// Putting lines into another order: <sort-list> makes its [data-sort] lines draggable where there is a mouse; letting
// go sends the form around it. The buttons beside each line do the same without a mouse and without this script.

class SortList extends HTMLElement {
  connectedCallback() {
    this.addEventListener('pointerover', (event) => this.arm(event.target.closest?.('[data-sort]')));
    this.addEventListener('dragstart', (event) => this.lift(event));
    this.addEventListener('dragover', (event) => this.over(event));
    this.addEventListener('drop', (event) => event.preventDefault());
    this.addEventListener('dragend', () => this.letGo());
  }

  get order() { return [...this.querySelectorAll('[data-sort]')].map((line) => line.id).join(); }

  arm(line) {
    if (line && this.closest('form') && matchMedia('(pointer: fine)').matches) line.draggable = true;
  }

  lift(event) {
    this.line = event.target.closest('[data-sort]');
    if (!this.line) return;
    this.before = this.order;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', this.line.id);
    requestAnimationFrame(() => this.line?.classList.add('is-dragged'));
  }

  over(event) {
    if (!this.line) return;
    event.preventDefault();
    const other = event.target.closest('[data-sort]');
    if (!other || other === this.line) return;
    const { top, height } = other.getBoundingClientRect();
    if (event.clientY < top + height / 2) other.before(this.line);
    else other.after(this.line);
  }

  letGo() {
    this.line?.classList.remove('is-dragged');
    const changed = this.line && this.order !== this.before;
    this.line = null;
    if (changed) this.closest('form').requestSubmit();
  }
}

customElements.define('sort-list', SortList);

// A button whose line has moved keeps the focus, so that it can be pressed again; at the end of the list too.
document.addEventListener('click', (event) => {
  if (event.target.closest('sort-list [aria-disabled=true]')) event.preventDefault();
});
let pressed = '';
document.addEventListener('htmx:before:request', (event) => {
  if (event.target.matches?.('form:has(sort-list)')) pressed = document.activeElement?.id ?? '';
});
document.addEventListener('htmx:after:swap', () => {
  if (pressed) document.getElementById(pressed)?.focus();
  pressed = '';
});
