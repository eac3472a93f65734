// Dragging cards by the mouse. On a touch screen a draggable card would swallow long presses and scrolling.
import { isWide } from './board-card.js';

/** Let the cards of a board be dragged; it is told by `board.move(card, stage)` where one was dropped. */
export function letCardsBeDragged(board) {
  let dragged = null;

  const mark = (here) => {
    for (const stage of board.stages) stage.classList.toggle('is-over', stage === here);
  };

  const tidy = () => {
    dragged?.classList.remove('is-dragged');
    dragged = null;
    mark(null);
  };

  board.addEventListener('pointerover', (event) => {
    const card = event.target.closest?.('.deal');
    if (card?.dataset.version && isWide() && matchMedia('(pointer: fine)').matches) card.draggable = true;
  });

  board.addEventListener('dragstart', (event) => {
    const card = event.target.closest?.('.deal[data-version]');
    if (!card || card.classList.contains('is-saving')) return;
    dragged = card;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', card.dataset.deal);
    requestAnimationFrame(() => card.classList.add('is-dragged'));
  });

  board.addEventListener('dragover', (event) => {
    const stage = event.target.closest('.stage');
    if (!stage || !dragged) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    mark(stage);
  });

  board.addEventListener('dragleave', (event) => {
    if (!board.contains(event.relatedTarget)) mark(null);
  });

  board.addEventListener('drop', (event) => {
    const stage = event.target.closest('.stage');
    const card = dragged;
    tidy();
    if (!stage || !card) return;
    event.preventDefault();
    board.move(card, stage);
  });

  board.addEventListener('dragend', tidy);
}
