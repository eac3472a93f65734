// Rows that are folded on the phone: the button in a row's head shows and hides the rest of the row. What is wrong is shown.
for (const button of document.querySelectorAll('[data-fold]')) {
  const row = button.closest('tr');
  const show = (shown) => button.setAttribute('aria-expanded', String(shown));
  if (row.querySelector('[aria-invalid]')) show(true);
  button.addEventListener('click', () => show(button.getAttribute('aria-expanded') !== 'true'));
}

// A link to a field opens what it is folded into.
document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('.form-errors a');
  const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  field?.closest('details')?.setAttribute('open', '');
  field?.closest('tr')?.querySelector('[data-fold]')?.setAttribute('aria-expanded', 'true');
}, true);

// What a folded part says of itself follows what is chosen in it.
document.addEventListener('change', ({ target }) => {
  const told = target.name && document.querySelector(`[data-tells="${CSS.escape(target.name)}"]`);
  if (!told) return;
  told.hidden = target.type === 'checkbox' ? !target.checked : !target.value;
  if (told.dataset.says) told.textContent = told.dataset.says.replace('{}', target.selectedOptions[0].text);
});
