// How a move on the board is sent: by htmx, which takes the answered card and the new sums. A refusal leaves the card.
import { csrfToken } from './messages.js';

const SIGNED_OUT = 401;
const LOST_RACE = 409;

/** Post a move of `card`; resolves to the status (0 without an answer), whether it failed, and whether the server said why. */
export async function post(card, address, values) {
  const answer = { status: 0, failed: true, told: false };
  const listen = (event) => {
    const { ctx } = event.detail;
    if (ctx?.target !== card) return;
    if (event.type === 'htmx:error') {
      event.stopImmediatePropagation(); // the board says it in its own words
      return;
    }
    const { status, headers } = ctx.response;
    Object.assign(answer, { status, failed: status >= 400 && status !== LOST_RACE, told: headers.has('HX-Trigger') });
    if (answer.failed && status !== SIGNED_OUT) event.preventDefault();
  };
  const events = ['htmx:after:request', 'htmx:error'];
  for (const name of events) document.addEventListener(name, listen, true);
  try {
    await window.htmx.ajax('POST', address, {
      source: card, target: card, swap: 'outerHTML', headers: { 'X-CSRFToken': csrfToken() }, values,
    });
  } finally {
    for (const name of events) document.removeEventListener(name, listen, true);
  }
  return answer;
}
