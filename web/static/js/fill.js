// Buttons that fill a form in one go: `data-fill` holds what each of its fields gets; times that are not named become empty.
document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-fill]');
  if (!button) return;
  const values = JSON.parse(button.dataset.fill);
  for (const field of button.form.querySelectorAll('input[type="time"]')) {
    field.value = values[field.name] ?? '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
});
