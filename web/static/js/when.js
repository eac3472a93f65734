// Parts of a form that matter only for some choice: data-when="kind=call,visit" is shown while the field `kind`
// of the same form has one of these values. Hidden parts are disabled, so they are not sent. Without JavaScript
// everything is shown.

function refresh(form) {
  const data = new FormData(form);
  for (const part of form.querySelectorAll('[data-when]')) {
    const [name, values] = part.dataset.when.split('=');
    const shown = data.getAll(name).some((value) => values.split(',').includes(String(value)));
    part.hidden = !shown;
    if (part.matches('fieldset')) part.disabled = !shown;
    else for (const field of part.querySelectorAll('input, select, textarea')) field.disabled = !shown;
  }
}

/** Apply the conditions of all forms within `root`. */
export function applyConditions(root = document) {
  for (const form of new Set([...root.querySelectorAll('[data-when]')].map((part) => part.closest('form')))) {
    if (form) refresh(form);
  }
}

document.addEventListener('change', (event) => {
  if (event.target.form?.querySelector('[data-when]')) refresh(event.target.form);
});
document.addEventListener('htmx:after:swap', () => applyConditions());
applyConditions();
