// What the parts of the board know of a card: its name, its page, and how to put the focus on it.

export const nameOf = (card) => card.querySelector('.deal-name').textContent.trim();

export const hrefOf = (card) => card.querySelector('.deal-name').href;

export const focusOn = (card) => card?.querySelector('.deal-name')?.focus();

/** Whether the board shows its columns side by side, and not one stage at a time. */
export const isWide = () => matchMedia('(width >= 56rem)').matches;
