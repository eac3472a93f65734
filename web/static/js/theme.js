// Light, dark, or as the device. The choice is a cookie, so the server already draws the right one.

const YEAR = 31536000;

const chosen = () => document.cookie.match(/(?:^|; )theme=(\w+)/)?.[1] ?? 'system';

function apply(theme) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll('[data-theme-choice]')) {
    button.setAttribute('aria-pressed', String(button.dataset.themeChoice === theme));
  }
}

document.addEventListener('click', (event) => {
  const theme = event.target.closest('[data-theme-choice]')?.dataset.themeChoice;
  if (!theme) return;
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `theme=${theme}; path=/; max-age=${theme === 'system' ? 0 : YEAR}; samesite=lax${secure}`;
  apply(theme);
});
// A page out of the back-forward cache may have been drawn before the choice.
addEventListener('pageshow', (event) => { if (event.persisted) apply(chosen()); });
