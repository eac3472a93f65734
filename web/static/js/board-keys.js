// The board by keyboard: arrow keys walk the cards; Space holds one, and then the arrow keys move it.
import { focusOn } from './board-card.js';
import { announce, say } from './messages.js';

/** The keys of one board, which places and moves the cards itself. */
export class BoardKeys {
  constructor(board) {
    this.board = board;
    this.held = null;
    board.addEventListener('keydown', (event) => this.key(event));
    board.addEventListener('focusout', (event) => {
      if (this.held && !board.contains(event.relatedTarget) && !board.placing) this.putBack();
    });
  }

  key(event) {
    const card = event.target.closest('.deal');
    if (!card || !event.target.matches('.deal-name')) return;
    if (event.key === ' ') {
      if (this.held) this.putDown();
      else if (card.dataset.version && !card.classList.contains('is-saving')) this.pickUp(card);
    } else if (event.key === 'Enter' && this.held) this.putDown();
    else if (event.key === 'Escape' && this.held) this.putBack();
    else if (event.key.startsWith('Arrow')) {
      if (this.held) this.carry(event.key);
      else this.walk(card, event.key);
    } else return;
    event.preventDefault();
  }

  walk(card, key) {
    if (key === 'ArrowUp' || key === 'ArrowDown') {
      focusOn(key === 'ArrowUp' ? card.previousElementSibling : card.nextElementSibling);
      return;
    }
    const stage = card.closest('.stage');
    const at = [...card.parentElement.children].indexOf(card);
    const full = this.board.stages.filter((other) => other === stage || other.querySelector('.deal'));
    const next = full[full.indexOf(stage) + (key === 'ArrowRight' ? 1 : -1)];
    const cards = next ? [...next.querySelectorAll('.deal')] : [];
    focusOn(cards[Math.min(at, cards.length - 1)]);
  }

  pickUp(card) {
    this.held = { card, from: card.closest('.stage'), before: card.nextElementSibling };
    card.classList.add('is-held');
    announce(say('picked_up', this.board.words(card, this.held.from)));
  }

  carry(key) {
    const { card } = this.held;
    const { stages } = this.board;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const stage = step && stages[stages.indexOf(card.closest('.stage')) + step];
    if (!stage) return;
    this.board.place(card, stage);
    announce(say('over', { stage: stage.dataset.name }));
  }

  putDown() {
    const { card, from, before } = this.release();
    const stage = card.closest('.stage');
    if (stage !== from) this.board.commit(card, stage, from, before);
    else announce(say('move_back', this.board.words(card, from)));
  }

  putBack() {
    const { card, from, before } = this.release();
    this.board.place(card, from, before);
    announce(say('move_back', this.board.words(card, from)));
  }

  /** Let go of the held card; return where it was. */
  release() {
    const { held } = this;
    held.card.classList.remove('is-held');
    this.held = null;
    return held;
  }
}
