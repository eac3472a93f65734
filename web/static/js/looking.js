// While one looks as somebody else nothing can be saved: what would change something is locked and says why, so that
// nobody types what is then refused. The way out, searches and filters stay open.
const why = document.body.dataset.looking;
const WRITES = ':is(main, dialog) :is(form[method=post], form[hx-post])';
const CONTROLS = ':is(main, dialog) :is(button, input, select, textarea):is([hx-post], [form=bulk])';

function lock(form) {
  if (form.getAttribute('action')?.match(/\/(viewing|support)\/end$/)) return;
  for (const field of form.elements) field.disabled = true;
  if (form.querySelector('.locked-why') || !form.querySelector('input:not([type=hidden]), textarea, select')) {
    for (const button of form.querySelectorAll('button')) button.title = why;
    return;
  }
  const line = document.createElement('p');
  line.className = 'small muted locked-why';
  line.lang = document.body.dataset.lookingLang;
  line.textContent = why;
  form.append(line);
}

/** Lock every form of the page, and what came into it. */
export function lockAll() {
  if (!why) return;
  for (const form of document.querySelectorAll(WRITES)) lock(form);
  for (const control of document.querySelectorAll(CONTROLS)) {
    control.disabled = true;
    control.title = why;
  }
}

if (why) {
  lockAll();
  document.addEventListener('htmx:after:swap', lockAll);
  document.addEventListener('change', () => setTimeout(lockAll)); // a choice may have opened another part of a form
}
