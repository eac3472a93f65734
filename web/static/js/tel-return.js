// After a number was dialled and the page is looked at again, ask how the call went.
import { openDialog } from './sheet.js';

const KEY = 'call';
const SHORTEST = 4000;
const LONGEST = 2 * 3600 * 1000;

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="tel:"][data-call]');
  if (!link) return;
  const call = { at: Date.now(), name: link.dataset.call, log: link.dataset.log || document.body.dataset.logUrl };
  try { sessionStorage.setItem(KEY, JSON.stringify(call)); } catch { /* then nobody asks */ }
});

function ask() {
  let call = null;
  try {
    call = JSON.parse(sessionStorage.getItem(KEY));
  } catch { return; }
  if (!call || document.visibilityState !== 'visible') return;
  const since = Date.now() - call.at;
  if (since < SHORTEST) return;
  sessionStorage.removeItem(KEY);
  const dialog = document.getElementById('call-sheet');
  if (since > LONGEST || !dialog || !call.log) return;
  dialog.querySelector('[data-call-name]').textContent = call.name;
  for (const link of dialog.querySelectorAll('[data-call-outcome]')) {
    const address = new URL(call.log, location.href);
    address.searchParams.set('kind', 'call');
    address.searchParams.set('outcome', link.dataset.callOutcome);
    link.href = address;
  }
  openDialog('call-sheet');
}

// Whoever signs in on this device next does not learn whom somebody has just rung up.
document.addEventListener('submit', (event) => {
  if ('forgetDrafts' in event.target.dataset) sessionStorage.removeItem(KEY);
});
document.addEventListener('visibilitychange', ask);
addEventListener('pageshow', ask);
addEventListener('focus', ask);
