// One box that ticks all boxes of a name that are on the page: <input type="checkbox" data-check-all="members">.

const boxes = (all) => [...document.querySelectorAll(`input[type=checkbox][name="${all.dataset.checkAll}"]`)];

document.addEventListener('change', (event) => {
  const changed = event.target;
  if (changed.matches('[data-check-all]')) {
    for (const box of boxes(changed)) box.checked = changed.checked;
    return;
  }
  for (const all of document.querySelectorAll('[data-check-all]')) {
    if (changed.name === all.dataset.checkAll) all.checked = boxes(all).every((box) => box.checked);
  }
});
