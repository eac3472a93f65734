// A page that answers a form that was sent (with its errors, to look it over, to confirm it) stands in the history as
// that form; going back to it later or loading it again, the browser would ask to send it once more, or show an error of
// its own. It takes the address of the page the form was on, where the draft is kept.
const [arrival] = performance.getEntriesByType('navigation');
const answersForm = 'posted' in document.body.dataset || [409, 422].includes(arrival?.responseStatus);
if (answersForm && document.referrer.startsWith(`${location.origin}/`)) {
  history.replaceState(history.state, '', document.referrer);
}
