// The timeline: which lanes are shown, and what wheel, keys, buttons and fingers do to it.

const board = document.getElementById("board");
const plot = document.getElementById("plot");
const labels = document.getElementById("labels");
const tip = document.getElementById("tip");

/** The shortest time that fills the picture: a millisecond. */
const SHORTEST = 1000;
const reach = Math.max(run.end, events.count > 0 ? events.at[events.count - 1] : 0, SHORTEST);

/** The lanes from top to bottom, without those that are filtered out. */
function layOut() {
  view.width = Math.max(plot.clientWidth, 50);
  view.row = window.matchMedia("(max-width: 42rem)").matches ? 34 : 24;
  view.rows = [];
  let top = 0;
  const add = (lane) => {
    const height = lane.what === "drill" ? Math.max(faultRows * FAULT + 26, view.row) : view.row;
    view.rows.push({ lane, top, height });
    top += height;
  };
  for (const lane of lanes) {
    if (lane.parent >= 0 || !filter.shows(lane)) continue;
    add(lane);
    if (lane.open) lane.inner.forEach(add);
  }
  view.height = top;
  board.style.setProperty("--height", `${top}px`);
  writeLabels();
  assignTicks();
  redraw(true);
}

/** The names at the left, each with its lane's state at the cursor. A group's is a button that opens it. */
function writeLabels() {
  labels.replaceChildren(
    ...view.rows.map((row) => {
      const { lane } = row;
      const item = document.createElement("li");
      item.style.height = `${row.height}px`;
      item.className = lane.parent >= 0 ? "lane inner" : "lane";
      const name = document.createElement(lane.inner.length > 0 ? "button" : "span");
      name.className = "name";
      name.title = lane.label;
      if (lane.inner.length > 0) {
        name.type = "button";
        name.setAttribute("aria-expanded", String(lane.open));
        name.addEventListener("click", () => {
          lane.open = !lane.open;
          const again = lane.index;
          layOut();
          labels.querySelector(`[data-lane="${again}"] button`)?.focus();
        });
      }
      if (lane.what === "node") name.append(badge(lane.node));
      name.append(lane.label);
      const state = document.createElement("span");
      state.className = "state";
      item.dataset.lane = lane.index;
      item.append(name, state);
      row.state = state;
      return item;
    }),
  );
  writeStates();
}

/** A node's letter on its colour. */
function badge(node) {
  const mark = document.createElement("b");
  mark.className = "letter";
  mark.style.background = nodeColour(node);
  mark.style.color = inkOn(nodeColour(node));
  mark.textContent = letter(node);
  return mark;
}

function writeStates() {
  const at = view.cursor;
  for (const row of view.rows) {
    const { lane } = row;
    if (lane.what === "drill") {
      const standing = run.faults.filter((it) => at !== null && it.from <= at && at < (it.to ?? Infinity)).length;
      row.state.textContent = at === null ? "" : `${standing} broken`;
      continue;
    }
    row.state.textContent = at === null ? "" : stateText(lane, lane.spans.at(at));
    row.state.classList.toggle("out", at !== null && isOut(lane, at));
  }
}

/** Shows a part of the run. */
function show(from, to) {
  const most = reach * 1.02;
  const span = Math.min(Math.max(to - from, SHORTEST), most);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - span / 2, 0), most - span);
  view.to = view.from + span;
  plot.setAttribute("aria-valuemin", String(Math.floor(view.from / 1000)));
  plot.setAttribute("aria-valuemax", String(Math.floor(view.to / 1000)));
  document.getElementById("range").textContent = `${clock(view.from)} – ${clock(Math.min(view.to, reach))}`;
  redraw(true);
}

/** The whole run, or, where it is quiet from some time on, as much of it as something happens in. */
function showFirst() {
  let last = 0;
  for (let i = 0; i < events.count && events.at[i] < run.end; i += 1) {
    if (!run.quiet.includes(run.kinds[events.kind[i]])) last = events.at[i];
  }
  show(0, last * 1.08 < run.end * 0.7 ? last * 1.08 : run.end);
}

/** Shows more or less time, with one instant kept where it is. */
function zoom(factor, at = (view.from + view.to) / 2) {
  const span = Math.min(Math.max((view.to - view.from) * factor, SHORTEST), reach * 1.02);
  const share = (at - view.from) / (view.to - view.from);
  show(at - span * share, at + span * (1 - share));
}

function pan(share) {
  const by = (view.to - view.from) * share;
  show(view.from + by, view.to + by);
}

/** Brings an instant into view. */
function reveal(at) {
  const span = view.to - view.from;
  if (at < view.from || at > view.to) show(at - span / 2, at + span / 2);
}

function moveCursor(at) {
  view.cursor = at === null ? null : Math.min(Math.max(at, 0), reach);
  if (view.cursor !== null) {
    plot.setAttribute("aria-valuenow", String(Math.floor(view.cursor / 1000)));
    plot.setAttribute("aria-valuetext", clock(view.cursor));
  }
  document.getElementById("corner").textContent = view.cursor === null ? "state at the cursor" : `at ${clock(view.cursor)}`;
  writeStates();
  writeInstant();
  redraw(false);
}

/** The shown event nearest to a point of the picture, within reach of a finger or a pointer. */
function eventAt(px, py, within) {
  const row = view.rows.find((it) => py >= it.top && py < it.top + it.height);
  if (!row) return -1;
  const { ticks } = row.lane;
  const first = firstTick(ticks, instant(px - within));
  let [best, least] = [-1, within + 1];
  for (let i = first; i < ticks.length; i += 1) {
    const far = Math.abs(x(events.at[ticks[i]]) - px);
    if (x(events.at[ticks[i]]) > px + within) break;
    // Of those at one place the first: what follows from it stands below it in the list.
    if (far < least) [best, least] = [ticks[i], far];
  }
  return best;
}

/** The words beside the pointer: what happened, and why. */
function showTip(event, px, py) {
  if (event < 0) {
    tip.hidden = true;
    return;
  }
  const cause = events.cause[event];
  const line = (text, kind) => {
    const part = document.createElement("p");
    part.className = kind;
    part.textContent = text;
    return part;
  };
  const row = rowOf(event);
  const pixel = Math.floor(x(events.at[event]));
  const same = row ? [...row.lane.ticks.subarray(firstTick(row.lane.ticks, instant(pixel)), firstTick(row.lane.ticks, instant(pixel + 1)))].length : 0;
  tip.replaceChildren(
    line(clock(events.at[event]), "time"),
    line(textOf(event), "what"),
    ...(cause >= 0 ? [line(`because: ${textOf(cause)}`, "why")] : []),
    ...(same > 1 ? [line(`and ${same - 1} more at this place: zoom in`, "more")] : []),
  );
  tip.hidden = false;
  const wide = tip.offsetWidth;
  const left = px + 14 + wide > view.width ? Math.max(px - wide - 14, 4 - plot.offsetLeft) : px + 14;
  tip.style.left = `${left}px`;
  tip.style.top = `${py + 16}px`;
}

function hover(event, px, py) {
  showTip(event, px, py);
  if (event === view.hovered) return;
  view.hovered = event;
  redraw(false);
}

const pointers = new Map();
let drag = null;

function pointOf(e) {
  const box = plot.getBoundingClientRect();
  return { x: e.clientX - box.left, y: e.clientY - box.top };
}

plot.addEventListener("pointerdown", (e) => {
  if (e.button !== 0) return;
  pointers.set(e.pointerId, pointOf(e));
  plot.setPointerCapture(e.pointerId);
  drag = { moved: false, from: view.from, to: view.to, start: pointOf(e) };
});

plot.addEventListener("pointermove", (e) => {
  const point = pointOf(e);
  if (!pointers.has(e.pointerId)) {
    const found = eventAt(point.x, point.y, 6);
    hover(found, point.x, point.y);
    if (view.selected < 0) moveCursor(found >= 0 ? events.at[found] : instant(point.x));
    return;
  }
  const before = pointers.get(e.pointerId);
  pointers.set(e.pointerId, point);
  if (pointers.size === 2) {
    const other = [...pointers.entries()].find(([id]) => id !== e.pointerId)[1];
    const [was, now] = [Math.abs(before.x - other.x), Math.abs(point.x - other.x)];
    drag.moved = true;
    if (was > 8 && now > 8) zoom(was / now, instant((point.x + other.x) / 2));
    return;
  }
  if (Math.abs(point.x - drag.start.x) > 4) drag.moved = true;
  if (drag.moved) {
    const by = ((before.x - point.x) / view.width) * (view.to - view.from);
    show(view.from + by, view.to + by);
    hover(-1);
  }
});

function lift(e) {
  const was = pointers.delete(e.pointerId);
  if (!was || pointers.size > 0) return;
  if (e.type === "pointerup" && drag && !drag.moved) {
    const point = pointOf(e);
    const found = eventAt(point.x, point.y, e.pointerType === "touch" ? 16 : 6);
    select(found);
    if (found < 0) moveCursor(instant(point.x));
  }
  drag = null;
}
plot.addEventListener("pointerup", lift);
plot.addEventListener("pointercancel", lift);
plot.addEventListener("pointerleave", (e) => {
  if (pointers.has(e.pointerId)) return;
  hover(-1);
});

// The wheel belongs to the page until the timeline is asked for: with Ctrl, or once it has been clicked.
plot.addEventListener("wheel", (e) => {
  if (Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey) {
    e.preventDefault();
    pan((e.shiftKey ? e.deltaY || e.deltaX : e.deltaX) / view.width);
    return;
  }
  if (!e.ctrlKey && !e.metaKey && document.activeElement !== plot) return;
  e.preventDefault();
  zoom(Math.exp(Math.min(Math.max(e.deltaY, -120), 120) / 300), instant(pointOf(e).x));
}, { passive: false });

const keys = {
  "+": () => zoom(0.5, view.cursor ?? undefined),
  "=": () => zoom(0.5, view.cursor ?? undefined),
  "-": () => zoom(2, view.cursor ?? undefined),
  0: () => show(0, run.end),
  Home: () => step(-Infinity),
  End: () => step(Infinity),
  ArrowRight: (e) => (e.shiftKey ? pan(0.25) : step(1)),
  ArrowLeft: (e) => (e.shiftKey ? pan(-0.25) : step(-1)),
  PageDown: () => pan(0.8),
  PageUp: () => pan(-0.8),
  c: () => events.cause[view.selected] >= 0 && select(events.cause[view.selected]),
  Escape: () => select(-1),
};

plot.addEventListener("keydown", (e) => {
  const act = keys[e.key];
  if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  act(e);
});

/** Goes to the next or the last shown event. */
function step(by) {
  if (shown.length === 0) return;
  let place;
  if (Math.abs(by) === Infinity) place = by > 0 ? shown.length - 1 : 0;
  else if (view.selected >= 0) place = placeOf(view.selected) + (shown[placeOf(view.selected)] === view.selected || by < 0 ? by : 0);
  else place = firstTick(shown, view.cursor ?? view.from) + (by < 0 ? -1 : 0);
  select(shown[Math.min(Math.max(place, 0), shown.length - 1)]);
}

document.getElementById("zoom-in").addEventListener("click", () => zoom(0.5));
document.getElementById("zoom-out").addEventListener("click", () => zoom(2));
document.getElementById("zoom-all").addEventListener("click", () => show(0, run.end));
document.getElementById("pan-left").addEventListener("click", () => pan(-0.5));
document.getElementById("pan-right").addEventListener("click", () => pan(0.5));
document.getElementById("open-all").addEventListener("click", (e) => {
  const open = e.currentTarget.getAttribute("aria-pressed") !== "true";
  e.currentTarget.setAttribute("aria-pressed", String(open));
  for (const lane of lanes) lane.open = open && lane.inner.length > 0;
  layOut();
});

/** Buttons elsewhere on the page that show a part of the run. */
for (const button of document.querySelectorAll("button[data-from]")) {
  button.addEventListener("click", () => {
    const [from, to] = [Number(button.dataset.from), Number(button.dataset.to)];
    const room = Math.max((to - from) * 0.15, 2e6);
    select(-1);
    show(from - room, to + room);
    moveCursor(from);
    board.scrollIntoView({ block: "nearest" });
    plot.focus({ preventScroll: true });
  });
}
