// The scripts of every page. Each file does one thing and is named for it; pages work without them.
import './toast.js';
import './forms.js';
import './when.js';
import './draft.js';
import './sheet.js';
import './menu.js';
import './combobox.js';
import './board.js';
import './stage-tabs.js';
import './sortable.js';
import './picked.js';
import './tags.js';
import './global-search.js';
import './copy.js';
import './theme.js';
import './tel-return.js';
import './shortcuts.js';
