// What was wrong with a field is said no longer once that is changed, or once another choice makes it another question.

function clear(part) {
  for (const said of part.querySelectorAll('.field-error:not([hidden])')) {
    said.replaceChildren();
    said.hidden = true;
  }
  for (const field of part.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
  for (const link of document.querySelectorAll('.form-errors a[href^="#"]')) {
    const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (field && (part === field || part.contains(field))) link.closest('li').remove();
  }
  for (const list of document.querySelectorAll('.form-errors')) if (!list.querySelector('li')) list.remove();
}

function answered({ target }) {
  const form = target.form;
  if (!form || !document.querySelector('.form-errors, .field-error:not([hidden])')) return;
  const own = target.closest('.field');
  if (own) clear(own);
  if (!target.name) return;
  for (const part of form.querySelectorAll(`[data-when^="${CSS.escape(target.name)}="]`)) clear(part);
}

document.addEventListener('input', answered);
document.addEventListener('change', answered);
