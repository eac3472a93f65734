// Popover menus: placed beside their button, and walked with the arrow keys.

const items = (menu) => [...menu.querySelectorAll('.menu-item')].filter((item) => item.checkVisibility());

function place(menu, button) {
  const gap = 4;
  const anchor = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = anchor.bottom + gap + size.height <= innerHeight || anchor.top < size.height + gap;
  const top = below ? anchor.bottom + gap : anchor.top - gap - size.height;
  const left = anchor.left + size.width <= innerWidth - gap ? anchor.left : anchor.right - size.width;
  menu.classList.add('is-placed');
  menu.style.top = `${Math.max(gap, Math.min(top, innerHeight - size.height - gap))}px`;
  menu.style.left = `${Math.max(gap, Math.min(left, innerWidth - size.width - gap))}px`;
}

document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!menu.matches?.('.menu[popover]')) return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  button?.setAttribute('aria-expanded', String(event.newState === 'open'));
  if (event.newState !== 'open' || !button) return;
  place(menu, button);
  items(menu)[0]?.focus({ focusVisible: false });
}, true);

document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('.menu[popover]');
  if (!menu || !['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) return;
  event.preventDefault();
  const list = items(menu);
  const at = list.indexOf(document.activeElement);
  const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
  list.at(step % list.length)?.focus();
});
