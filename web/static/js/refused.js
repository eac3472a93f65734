// A page that came back with its errors stands in the history as a form that was sent; going back to it later, the
// browser would ask to send it again. It takes the address of the page the form was on, where the draft is kept.
const [arrival] = performance.getEntriesByType('navigation');
if ([409, 422].includes(arrival?.responseStatus) && document.referrer.startsWith(`${location.origin}/`)) {
  history.replaceState(history.state, '', document.referrer);
}
