// The deals board: dragging, keyboard, and a list of stages for the thumb all end in a move. It is shown at once and
// taken back when the server refuses it. htmx brings the answer (the card, and new sums of the two stages); where
// somebody else was first, the answer is the card as it is now, and it goes where it says. Won and lost ask for a reason.
import { focusOn, hrefOf, isWide, nameOf } from './board-card.js';
import { letCardsBeDragged } from './board-drag.js';
import { BoardKeys } from './board-keys.js';
import { post } from './board-post.js';
import { announce, say } from './messages.js';
import { openDialog, openPage } from './sheet.js';
import { toast } from './toast.js';

const CLOSED = ['won', 'lost'];
const GONE = [404, 410];
const NEAR_THE_END = 300; // pixels

class DealBoard extends HTMLElement {
  connectedCallback() {
    this.keys ??= this.listen();
    this.dress();
    this.watcher = new MutationObserver(() => this.dress());
    this.watcher.observe(this, { childList: true, subtree: true });
  }

  disconnectedCallback() { this.watcher?.disconnect(); }

  listen() {
    letCardsBeDragged(this);
    this.addEventListener('click', (event) => {
      const button = event.target.closest('[data-move-button]');
      if (button) this.offer(button.closest('.deal'));
    });
    this.addEventListener('scroll', (event) => this.goOn(event.target), { capture: true, passive: true });
    return new BoardKeys(this);
  }

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

  /** Bring the next cards of a column that is being scrolled to its end; once, and then it takes the button. */
  goOn(list) {
    const link = list.parentElement?.querySelector('[data-more]:not([data-asked])');
    if (!link || !window.htmx || list.scrollHeight - list.scrollTop - list.clientHeight > NEAR_THE_END) return;
    link.dataset.asked = '';
    link.click();
  }

  get stages() { return [...this.querySelectorAll('.stage')]; }

  /** Put the card into the stage without losing the focus. */
  place(card, stage, before = null) {
    const focused = card.contains(document.activeElement);
    this.placing = true;
    stage.querySelector('.stage-cards').insertBefore(card, before ?? (stage.querySelector('.deal') || null));
    if (focused) focusOn(card);
    this.placing = false;
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
    if (!isWide()) {
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
    if (focused) focusOn(card);
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

customElements.define('deal-board', DealBoard);
