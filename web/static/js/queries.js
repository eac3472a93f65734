// A search, or a look for duplicates, takes the beginning of what was pasted: the server looks at no more of it, and
// an address that is too long would be refused.

export const LONGEST = 200;

document.addEventListener('htmx:config:request', ({ detail }) => {
  const { method, body } = detail.ctx.request;
  if (method !== 'GET' || !body) return;
  for (const [name, value] of [...body]) {
    if (typeof value === 'string' && value.length > LONGEST) body.set(name, value.slice(0, LONGEST));
  }
});
