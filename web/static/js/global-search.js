// The search field of the sidebar: htmx fills the panel, this shows it, and arrow keys walk through it.

const field = document.querySelector('[data-global-search]');
const panel = document.getElementById('global-results');

const links = () => [...panel.querySelectorAll('a')];

function show() {
  const wanted = field.value.trim() && panel.childElementCount && document.activeElement === field;
  if (!wanted) return;
  const box = field.getBoundingClientRect();
  panel.style.insetBlockStart = `${box.bottom + 4}px`;
  panel.style.insetInlineStart = `${box.left}px`;
  if (!panel.matches(':popover-open')) panel.showPopover();
}

function hide() {
  if (panel.matches(':popover-open')) panel.hidePopover();
}

function walk(event) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  if (event.key === 'Escape') {
    hide();
    field.focus();
  } else if (event.key === 'ArrowDown' && all.length) (all[at + 1] ?? all[0]).focus();
  else if (event.key === 'ArrowUp' && at >= 0) (all[at - 1] ?? field).focus();
  else return;
  event.preventDefault();
}

if (field && panel) {
  panel.addEventListener('htmx:after:swap', show);
  document.addEventListener('htmx:after:swap', (event) => {
    if (event.detail?.ctx?.sourceElement === field) show();
  });
  field.addEventListener('input', () => { if (!field.value.trim()) hide(); });
  field.addEventListener('focus', show);
  for (const part of [field, panel]) {
    part.addEventListener('keydown', (event) => { if (panel.matches(':popover-open')) walk(event); });
    part.addEventListener('focusout', () => setTimeout(() => {
      if (document.activeElement !== field && !panel.contains(document.activeElement)) hide();
    }));
  }
}
