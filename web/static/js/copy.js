// <button data-copy="field-made"> copies what the field holds. The clipboard needs https (or this machine); elsewhere
// the old command copies the selection.
import { announce, say } from './messages.js';
import { toast } from './toast.js';

async function copy(field) {
  if (navigator.clipboard) return navigator.clipboard.writeText(field.value);
  field.select();
  if (!document.execCommand('copy')) throw new Error('not copied');
  return undefined;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  const field = button && document.getElementById(button.dataset.copy);
  if (!field) return;
  try {
    await copy(field);
    toast({ text: say('copied') });
    announce(say('copied'));
  } catch {
    field.focus();
    field.select();
  }
});
