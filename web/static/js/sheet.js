// Dialogs: data-open="<id>" opens, data-close closes, a press beside the dialog closes it too.
// A link with data-sheet shows its page's [data-sheet-content] in the shared sheet instead of going there.
import { applyConditions } from './when.js';
import { attachDrafts } from './draft.js';
import { lockAll } from './looking.js';

/** Open the dialog `id`. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return dialog;
}

/** Show the [data-sheet-content] of another page in the shared sheet; a page without any is gone to. */
export async function openPage(address) {
  const dialog = document.getElementById('page-sheet');
  const body = document.getElementById('page-sheet-body');
  const answer = await fetch(address, { headers: { Accept: 'text/html' } }).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), 'text/html');
  const content = page && page.querySelector('[data-sheet-content]');
  if (!content || answer.redirected) {
    location.href = address;
    return null;
  }
  body.replaceChildren(document.adoptNode(content));
  document.getElementById('page-sheet-title').textContent = content.dataset.sheetContent
    || page.querySelector('h1')?.textContent || '';
  window.htmx?.process(body);
  for (const other of document.querySelectorAll('dialog[open]')) other.close();
  if (!dialog.open) dialog.showModal();
  applyConditions();
  attachDrafts();
  lockAll();
  body.querySelector('[autofocus]')?.focus();
  return dialog;
}

document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-open]');
  if (opener) {
    opener.closest('[popover]')?.hidePopover();
    openDialog(opener.dataset.open);
    return;
  }
  const closer = event.target.closest('[data-close]');
  const inside = closer?.closest('dialog');
  if (inside) {
    event.preventDefault();
    inside.close();
    return;
  }
  const link = event.target.closest('a[data-sheet]');
  // On the phone a whole page is better than a sheet: more room, and the back button works.
  const wide = matchMedia('(width >= 56rem)').matches;
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (link && wide && plain && !event.defaultPrevented && document.getElementById('page-sheet')) {
    event.preventDefault();
    openPage(link.href);
  }
});

// A press that starts and ends on the backdrop closes; a text selection that ends there does not.
let pressed;
document.addEventListener('pointerdown', (event) => { pressed = event.target; });
document.addEventListener('click', (event) => {
  if (event.target === pressed && event.target.matches?.('dialog[open]')) {
    const box = event.target.getBoundingClientRect();
    const within = event.clientX >= box.left && event.clientX <= box.right
      && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!within && event.detail) event.target.close();
  }
});

// The server closes the sheet after a save: HX-Trigger: close-sheet
document.addEventListener('close-sheet', () => document.getElementById('page-sheet')?.close());
for (const dialog of document.querySelectorAll('dialog[data-open-now]')) dialog.showModal();
