// Keys for people who type: / searches, c logs, g then t, c or d goes somewhere, ? lists them.
import { openDialog } from './sheet.js';

const GO = { t: 'todayUrl', c: 'companiesUrl', d: 'dealsUrl' };
let going = 0;

const typing = (element) => element.matches?.('input, textarea, select, [contenteditable]');

document.addEventListener('keydown', (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target);
  if (busy || document.querySelector('dialog[open]')) return;
  const pages = document.body.dataset;
  if (event.timeStamp - going < 1200 && GO[event.key] && pages[GO[event.key]]) {
    location.href = pages[GO[event.key]];
  } else if (event.key === 'g') {
    going = event.timeStamp;
    return;
  } else if (event.key === '/') {
    const field = [...document.querySelectorAll('.search-input, [data-global-search]')].find((input) => input.checkVisibility());
    if (field) { field.focus(); field.select(); } else if (pages.searchUrl) location.href = pages.searchUrl;
  } else if (event.key === 'c' && pages.logUrl) {
    [...document.querySelectorAll('a[data-sheet]')].find((link) => link.checkVisibility())?.click();
  } else if (event.key === '?') openDialog('shortcuts');
  else return;
  going = 0;
  event.preventDefault();
});
