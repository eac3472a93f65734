// The deals board: drag and drop, keyboard, and a list of stages for the thumb. A move is shown at once and taken
// back when the server refuses it. htmx brings the answer (the card, and new sums of the two stages).
import { announce, csrfToken, say } from './messages.js';
import { openDialog } from './sheet.js';
import { toast } from './toast.js';

class DealBoard extends HTMLElement {
  connectedCallback() {
    this.addEventListener('dragstart', (event) => this.lift(event));
    this.addEventListener('dragover', (event) => this.over(event));
    this.addEventListener('dragleave', (event) => this.leave(event));
    this.addEventListener('drop', (event) => this.drop(event));
    this.addEventListener('dragend', () => this.tidy());
    this.addEventListener('keydown', (event) => this.key(event));
    this.addEventListener('focusout', (event) => {
      if (this.held && !this.contains(event.relatedTarget) && !this.moving) this.putBack();
    });
    this.addEventListener('click', (event) => {
      const button = event.target.closest('[data-move-button]');
      if (button) this.offer(button.closest('.deal'));
    });
    this.addEventListener('pointerover', (event) => arm(event.target.closest?.('.deal')));
  }

  get stages() { return [...this.querySelectorAll('.stage')]; }

  lift(event) {
    const card = event.target.closest?.('.deal[data-move]');
    if (!card) return;
    this.dragged = card;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', card.dataset.deal);
    requestAnimationFrame(() => card.classList.add('is-dragged'));
  }

  over(event) {
    const stage = event.target.closest('.stage');
    if (!stage || !this.dragged) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    for (const other of this.stages) other.classList.toggle('is-over', other === stage);
  }

  leave(event) {
    if (!this.contains(event.relatedTarget)) for (const stage of this.stages) stage.classList.remove('is-over');
  }

  drop(event) {
    const stage = event.target.closest('.stage');
    const card = this.dragged;
    this.tidy();
    if (!stage || !card) return;
    event.preventDefault();
    this.move(card, stage);
  }

  tidy() {
    this.dragged?.classList.remove('is-dragged');
    this.dragged = null;
    for (const stage of this.stages) stage.classList.remove('is-over');
  }

  /** Arrow keys walk the cards; Space holds one, and then the arrow keys move it. */
  key(event) {
    const card = event.target.closest('.deal');
    if (!card || !event.target.matches('.deal-name')) return;
    if (event.key === ' ') {
      event.preventDefault();
      if (this.held) this.putDown();
      else if (card.dataset.move) this.pickUp(card);
    } else if (event.key === 'Enter' && this.held) {
      event.preventDefault();
      this.putDown();
    } else if (event.key === 'Escape' && this.held) {
      event.preventDefault();
      this.putBack();
    } else if (event.key.startsWith('Arrow')) {
      event.preventDefault();
      if (this.held) this.carry(event.key);
      else this.walk(card, event.key);
    }
  }

  walk(card, key) {
    const stage = card.closest('.stage');
    const at = [...card.parentElement.children].indexOf(card);
    if (key === 'ArrowUp' || key === 'ArrowDown') {
      focus(key === 'ArrowUp' ? card.previousElementSibling : card.nextElementSibling);
      return;
    }
    const full = this.stages.filter((other) => other === stage || other.querySelector('.deal'));
    const next = full[full.indexOf(stage) + (key === 'ArrowRight' ? 1 : -1)];
    const cards = next ? [...next.querySelectorAll('.deal')] : [];
    focus(cards[Math.min(at, cards.length - 1)]);
  }

  pickUp(card) {
    this.held = { card, from: card.closest('.stage'), before: card.nextElementSibling };
    card.classList.add('is-held');
    announce(say('picked_up', this.words(card, this.held.from)));
  }

  carry(key) {
    const { card } = this.held;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const stage = step && this.stages[this.stages.indexOf(card.closest('.stage')) + step];
    if (!stage) return;
    this.place(card, stage);
    announce(say('over', { stage: stage.dataset.name }));
  }

  putDown() {
    const { card, from, before } = this.held;
    this.release();
    const stage = card.closest('.stage');
    if (stage !== from) this.send(card, stage, from, before);
    else announce(say('move_back', this.words(card, from)));
  }

  putBack() {
    const { card, from, before } = this.held;
    this.release();
    this.place(card, from, before);
    announce(say('move_back', this.words(card, from)));
  }

  release() {
    this.held.card.classList.remove('is-held');
    this.held = null;
  }

  /** Put the card into the stage without losing the focus. */
  place(card, stage, before = null) {
    const focused = card.contains(document.activeElement);
    this.moving = true;
    stage.querySelector('.stage-cards').insertBefore(card, before ?? (stage.querySelector('.deal') || null));
    if (focused) focus(card);
    this.moving = false;
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  move(card, stage) {
    const from = card.closest('.stage');
    if (from === stage) return;
    const before = card.nextElementSibling;
    this.place(card, stage);
    this.send(card, stage, from, before);
  }

  async send(card, stage, from, before) {
    const words = this.words(card, stage);
    card.classList.add('is-saving');
    let failed = true;
    let told = false;
    const watch = (event) => {
      const { ctx } = event.detail;
      if (ctx?.target !== card) return;
      failed = ctx.response.status >= 400;
      told = Boolean(ctx.response.headers.get('HX-Trigger'));
      if (failed) event.preventDefault();
    };
    document.addEventListener('htmx:after:request', watch);
    const focused = card.contains(document.activeElement);
    try {
      await window.htmx.ajax('POST', card.dataset.move, {
        source: card, target: card, swap: 'outerHTML', headers: { 'X-CSRFToken': csrfToken() },
        values: { stage_id: stage.dataset.stage, version: card.dataset.version },
      });
    } catch { /* told below */ } finally {
      document.removeEventListener('htmx:after:request', watch);
    }
    card.classList.remove('is-saving');
    if (failed) {
      if (card.isConnected) this.place(card, from, before);
      if (!told) toast({ text: say('move_failed', words), tone: 'bad' });
      return;
    }
    if (focused) focus(document.getElementById(card.id));
    announce(say('moved', words));
    this.dispatchEvent(new CustomEvent('deal:moved', { bubbles: true, detail: { stage: stage.dataset.stage } }));
  }

  words(card, stage) {
    return { deal: card.querySelector('.deal-name').textContent.trim(), stage: stage.dataset.name };
  }

  /** A button for each stage in the shared sheet. */
  offer(card) {
    const sheet = document.getElementById('move-sheet');
    const list = sheet.querySelector('[data-move-stages]');
    const here = card.closest('.stage');
    sheet.querySelector('[data-move-name]').textContent = this.words(card, here).deal;
    list.replaceChildren(...this.stages.map((stage) => {
      const button = sheet.querySelector('[data-move-template]').content.firstElementChild.cloneNode(true);
      button.querySelector('span').textContent = stage.dataset.name + (stage === here ? ` – ${say('now_here')}` : '');
      button.classList.toggle(`move-${stage.dataset.kind}`, stage.dataset.kind !== 'open');
      button.disabled = stage === here;
      if (stage === here) button.setAttribute('aria-current', 'step');
      button.addEventListener('click', () => { sheet.close(); this.move(card, stage); });
      return button;
    }));
    openDialog('move-sheet');
  }
}

const focus = (card) => card?.querySelector('.deal-name')?.focus();

// Only with a mouse: on a touch screen a draggable card would swallow long presses and scrolling.
function arm(card) {
  if (card?.dataset.move && matchMedia('(pointer: fine) and (width >= 56rem)').matches) card.draggable = true;
}

customElements.define('deal-board', DealBoard);
