// The phone's stage tabs: all columns are here already, so changing between them needs no request.
document.addEventListener('click', (event) => {
  const tab = event.target.closest('[data-stage-tab]');
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  for (const other of tab.parentElement.children) other.removeAttribute('aria-current');
  tab.setAttribute('aria-current', 'page');
  for (const stage of document.querySelectorAll('deal-board .stage')) {
    stage.classList.toggle('is-shown', stage.dataset.stage === tab.dataset.stageTab);
  }
  history.replaceState(history.state, '', tab.href);
});
