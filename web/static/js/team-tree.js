// Moving teams: <team-tree> makes each [data-team] draggable where there is a mouse; letting go over another team sends
// the form inside. With the keyboard, on a team's name: Alt+Right puts it into the team before it, Alt+Left out of the
// team it is in. The links beside each team do the same without this script.

class TeamTree extends HTMLElement {
  connectedCallback() {
    if (!('movable' in this.dataset)) return;
    this.addEventListener('pointerover', (event) => this.arm(event.target.closest?.('[data-team]')));
    this.addEventListener('dragstart', (event) => this.lift(event));
    this.addEventListener('dragover', (event) => this.over(event));
    this.addEventListener('drop', (event) => this.drop(event));
    this.addEventListener('dragend', () => this.letGo());
    this.addEventListener('keydown', (event) => this.press(event));
  }

  arm(team) {
    if (team && matchMedia('(pointer: fine)').matches) team.draggable = true;
  }

  lift(event) {
    this.team = event.target.closest('[data-team]');
    if (!this.team) return;
    event.stopPropagation();
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', this.team.dataset.team);
    requestAnimationFrame(() => this.team?.classList.add('is-dragged'));
  }

  /** The team under the pointer that the dragged one can go to: not itself, nor one below it, nor where it is. */
  place(event) {
    const place = event.target.closest?.('[data-team]');
    if (!this.team || !place || this.team.contains(place)) return null;
    return place.dataset.team === this.team.dataset.parent ? null : place;
  }

  over(event) {
    const place = this.place(event);
    this.mark(place);
    if (place) event.preventDefault();
  }

  mark(place) {
    this.querySelector('.is-target')?.classList.remove('is-target');
    place?.querySelector('.team-line').classList.add('is-target');
  }

  drop(event) {
    const place = this.place(event);
    if (!place) return;
    event.preventDefault();
    this.send(this.team, place.dataset.team);
  }

  letGo() {
    this.mark(null);
    this.team?.classList.remove('is-dragged');
    this.team = null;
  }

  press(event) {
    const team = event.target.closest('[data-team]');
    if (!event.altKey || !team || !event.target.matches('.team-name')) return;
    const before = team.previousElementSibling?.dataset.team;
    const out = team.parentElement.closest('[data-team]')?.dataset.parent;
    const to = { ArrowRight: before, ArrowLeft: out }[event.key];
    if (!['ArrowRight', 'ArrowLeft'].includes(event.key)) return;
    event.preventDefault();
    if (to) this.send(team, to);
  }

  send(team, to) {
    const form = this.querySelector('form');
    form.elements.team_id.value = team.dataset.team;
    form.elements.parent_id.value = to;
    focused = `name-${team.dataset.team}`;
    form.requestSubmit();
  }
}

// The team that was moved has the focus in its new place, so that it can be moved on.
let focused = '';
document.addEventListener('htmx:after:swap', () => {
  if (focused) document.getElementById(focused)?.focus();
  focused = '';
});

customElements.define('team-tree', TeamTree);
