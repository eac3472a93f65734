// The deals board: drag and drop, keyboard, and a list of stages for the thumb. A move is shown at once and taken
// back when the server refuses it. htmx brings the answer (the card, and new sums of the two stages); where somebody
// else was first, the answer is the card as it is now, and it goes where it says. Won and lost ask for a reason.
import { announce, say } from './messages.js';
import { post } from './board-post.js';
import { openDialog, openPage } from './sheet.js';
import { toast } from './toast.js';

const CLOSED = ['won', 'lost'];
const GONE = [404, 410];

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
    this.dress();
    this.watcher = new MutationObserver(() => this.dress());
    this.watcher.observe(this, { childList: true, subtree: true });
  }

  disconnectedCallback() { this.watcher?.disconnect(); }

  /** Give every card that may be moved its button; a hundred of them need not travel with the page. */
  dress() {
    const template = this.querySelector('[data-move-button-template]');
    for (const card of this.querySelectorAll('.deal[data-version]')) {
      if (card.querySelector('[data-move-button]')) continue;
      const button = template.content.firstElementChild.cloneNode(true);
      const words = button.querySelector('.sr-only');
      words.textContent = words.textContent.replace('{deal}', nameOf(card));
      card.querySelector('.deal-top').append(button);
    }
  }

  get stages() { return [...this.querySelectorAll('.stage')]; }

  lift(event) {
    const card = event.target.closest?.('.deal[data-version]');
    if (!card || card.classList.contains('is-saving')) return;
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
      else if (card.dataset.version && !card.classList.contains('is-saving')) this.pickUp(card);
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
    if (stage !== from) this.commit(card, stage, from, before);
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
    if (from === stage || card.classList.contains('is-saving')) return;
    const before = card.nextElementSibling;
    this.place(card, stage);
    this.commit(card, stage, from, before);
  }

  commit(card, stage, from, before) {
    if (CLOSED.includes(stage.dataset.kind)) this.close(card, stage, from, before);
    else this.send(card, stage, from, before);
  }

  get values() { return JSON.parse(this.dataset.values ?? '{}'); }

  async send(card, stage, from, before) {
    const focused = card.contains(document.activeElement);
    card.classList.add('is-saving');
    const address = card.dataset.move ?? `${hrefOf(card)}/stage`;
    const answer = await post(card, address, { ...this.values, stage_id: stage.dataset.stage, version: card.dataset.version });
    card.classList.remove('is-saving');
    if (GONE.includes(answer.status)) {
      card.remove();
      toast({ text: say('gone'), tone: 'bad' });
    } else if (answer.failed) {
      if (card.isConnected) this.place(card, from, before);
      if (!answer.told) toast({ text: say('move_failed', this.words(card, stage)), tone: 'bad' });
    } else this.settle(card.id, focused);
  }

  /** Ask why in the sheet, whose form sends the move itself; on the phone that is a page of its own. */
  async close(card, stage, from, before) {
    const address = new URL(`${hrefOf(card)}/closure`, location.href);
    address.searchParams.set('outcome', stage.dataset.kind);
    if (!wide()) {
      this.place(card, from, before);
      address.searchParams.set('next', location.pathname + location.search);
      location.href = address;
      return;
    }
    for (const [name, value] of Object.entries({ ...this.values, from: 'board' })) address.searchParams.set(name, value);
    const dialog = await openPage(address.href);
    dialog?.addEventListener('close', () => {
      if (document.getElementById(card.id) !== card) this.settle(card.id, true);
      else if (card.isConnected) this.place(card, from, before);
    }, { once: true });
  }

  /** Put the answered card where it says it is: elsewhere than it was dropped, if somebody else was first. */
  settle(id, focused) {
    const card = document.getElementById(id);
    if (!card) return;
    const stage = this.stages.find((other) => other.dataset.stage === card.dataset.stageId) ?? card.closest('.stage');
    if (stage !== card.closest('.stage')) this.place(card, stage);
    if (focused) focus(card);
    const said = say('moved', this.words(card, stage));
    announce(said);
    if (!stage.checkVisibility()) toast(said);
    this.dispatchEvent(new CustomEvent('deal:moved', { bubbles: true, detail: { stage: stage.dataset.stage } }));
  }

  words(card, stage) {
    return { deal: nameOf(card), stage: stage.dataset.name };
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
const nameOf = (card) => card.querySelector('.deal-name').textContent.trim();
const hrefOf = (card) => card.querySelector('.deal-name').href;
const wide = () => matchMedia('(width >= 56rem)').matches;

// Only with a mouse: on a touch screen a draggable card would swallow long presses and scrolling.
function arm(card) {
  if (card?.dataset.version && wide() && matchMedia('(pointer: fine)').matches) card.draggable = true;
}

customElements.define('deal-board', DealBoard);
