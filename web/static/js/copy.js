// <button data-copy="field-made"> copies what the field holds. The clipboard needs https (or this machine); elsewhere
// the old command copies the selection. <button data-share="field-made" hidden> hands it to the device's own way of
// sharing, and is shown where there is one.
import { announce, say } from './messages.js';
import { toast } from './toast.js';

async function copy(field) {
  if (navigator.clipboard) return navigator.clipboard.writeText(field.value);
  field.select();
  if (!document.execCommand('copy')) throw new Error('not copied');
  return undefined;
}

async function share(field) {
  try {
    await navigator.share({ title: document.title, url: field.value });
    return true;
  } catch (failed) {
    return failed.name === 'AbortError'; // they changed their mind
  }
}

if (navigator.share) for (const button of document.querySelectorAll('[data-share]')) button.hidden = false;

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy], [data-share]');
  const field = button && document.getElementById(button.dataset.copy || button.dataset.share);
  if (!field || (button.dataset.share && (await share(field)))) return;
  try {
    await copy(field);
    toast({ text: say('copied') });
    announce(say('copied'));
  } catch {
    field.focus();
    field.select();
  }
});
