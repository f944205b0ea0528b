// What is filtered, the list of events, and what is known of the one that is selected.

/** Rows of the list: as high as the style sheet has them. */
const LINE = 26;

const filter = {
  nodes: new Set(run.nodes.keys()),
  groups: new Set(lanes.filter((it) => it.what === "group").map((it) => it.index)),
  kinds: new Set(run.kinds.keys()),
  words: "",

  /** Whether a lane is to be seen. */
  shows(lane) {
    if (lane.what === "node") return this.nodes.has(lane.node);
    if (lane.what === "group") return this.groups.has(lane.index);
    if (lane.what === "clients") return !lanes.some((it) => it.what === "group" && it.name === lane.name && !this.groups.has(it.index));
    return true;
  },

  takes(event) {
    if (!this.kinds.has(events.kind[event])) return false;
    if (events.node[event] >= 0 && !this.nodes.has(events.node[event])) return false;
    const lane = lanes[events.lane[event]];
    if (!this.shows(lane.parent >= 0 ? lanes[lane.parent] : lane)) return false;
    return this.words === "" || `${run.nodes[events.node[event]] ?? ""} ${textOf(event)}`.toLowerCase().includes(this.words);
  },
};
for (const [kind, name] of run.kinds.entries()) if (run.quiet.includes(name)) filter.kinds.delete(kind);

/** The events that pass the filter. */
let shown = new Uint32Array(0);

function assignTicks() {
  const found = [];
  for (let i = 0; i < events.count; i += 1) if (filter.takes(i)) found.push(i);
  shown = Uint32Array.from(found);
  const each = new Map(view.rows.map((row) => [row.lane.index, []]));
  for (const event of shown) each.get(shownLane(event).index)?.push(event);
  for (const row of view.rows) row.lane.ticks = Uint32Array.from(each.get(row.lane.index));
  document.getElementById("count").textContent =
    shown.length === events.count ? `${events.count} events` : `${shown.length} of ${events.count} events`;
  list.setAttribute("aria-setsize", String(shown.length));
  inner.style.height = `${shown.length * LINE}px`;
  writeList();
}

/** The place of an event among those that are shown, or of the next one. */
function placeOf(event) {
  let [low, high] = [0, shown.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown[middle] >= event) high = middle;
    else low = middle + 1;
  }
  return low;
}

const list = document.getElementById("events");
const inner = document.getElementById("events-inner");

/** Only what is in sight is in the document, whatever the number of events. */
function writeList() {
  const first = Math.max(Math.floor(list.scrollTop / LINE) - 5, 0);
  const last = Math.min(first + Math.ceil(list.clientHeight / LINE) + 10, shown.length);
  const lines = [];
  for (let i = first; i < last; i += 1) {
    const event = shown[i];
    const line = document.createElement("div");
    line.className = "event";
    line.id = `event-${event}`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-posinset", String(i + 1));
    line.setAttribute("aria-setsize", String(shown.length));
    line.setAttribute("aria-selected", String(event === view.selected));
    line.style.top = `${i * LINE}px`;
    line.dataset.event = event;
    for (const [kind, text] of [
      ["time", clock(events.at[event])],
      ["who", run.nodes[events.node[event]] ?? ""],
      ["what", textOf(event)],
    ]) {
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = text;
      line.append(part);
    }
    lines.push(line);
  }
  inner.replaceChildren(...lines);
  if (view.selected >= 0 && document.getElementById(`event-${view.selected}`)) list.setAttribute("aria-activedescendant", `event-${view.selected}`);
  else list.removeAttribute("aria-activedescendant");
}

list.addEventListener("scroll", () => requestAnimationFrame(writeList));
list.addEventListener("click", (e) => {
  const line = e.target.closest(".event");
  if (line) select(Number(line.dataset.event));
});
list.addEventListener("keydown", (e) => {
  const page = Math.floor(list.clientHeight / LINE);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[e.key];
  if (by === undefined) return;
  e.preventDefault();
  step(by);
});

/** An event as a button that selects it. */
function link(event) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  const time = document.createElement("span");
  time.className = "time";
  time.textContent = clock(events.at[event]);
  button.append(time, ` ${textOf(event)}`);
  button.addEventListener("click", () => select(event));
  return button;
}

function item(content) {
  const it = document.createElement("li");
  it.append(content);
  return it;
}

const detail = document.getElementById("detail");

/** Selects an event, or none with -1: its words, what led to it, what it led to. */
function select(event) {
  view.selected = event;
  remember(event);
  if (event < 0) {
    detail.replaceChildren(...detail.dataset.empty.split("\n").map((text) => Object.assign(document.createElement("p"), { textContent: text, className: "faint" })));
  } else {
    reveal(events.at[event]);
    moveCursor(events.at[event]);
    writeDetail(event);
    scrollTo(event);
    plot.setAttribute("aria-valuetext", `${clock(events.at[event])}: ${textOf(event)}`);
  }
  writeList();
  redraw(false);
}

/** Keeps what is selected in the page's address, for a link to it. */
function remember(event) {
  if (event < 0 && location.hash === "") return;
  try {
    history.replaceState(null, "", event < 0 ? "#" : `#event-${event}`);
  } catch {
    // A page that is shown inside another one may not: then there is no such link.
  }
}

function writeDetail(event) {
  const title = document.createElement("h3");
  title.textContent = textOf(event);
  const about = document.createElement("p");
  about.className = "faint";
  const who = run.nodes[events.node[event]];
  about.textContent = `${clock(events.at[event])}${who ? `, on ${who}` : ""} · ${run.kinds[events.kind[event]]} · no. ${run.first + event}`;
  detail.replaceChildren(title, about);
  const led = chain(event).slice(0, -1);
  const block = (text, found, most) => {
    const heading = document.createElement("h4");
    heading.textContent = text;
    const lines = document.createElement(most ? "ul" : "ol");
    lines.append(...found.slice(0, most ?? found.length).map((it) => item(link(it))));
    detail.append(heading, lines);
    if (most && found.length > most) detail.append(Object.assign(document.createElement("p"), { className: "faint", textContent: `and ${found.length - most} more` }));
  };
  if (led.length > 0) block("What led to it", led);
  const after = effects(event);
  if (after.length > 0) block("What it led to", after, 20);
  if (led.length === 0 && after.length === 0) {
    detail.append(Object.assign(document.createElement("p"), { className: "faint", textContent: "The journal names no cause of it, and nothing that it led to." }));
  }
}

function scrollTo(event) {
  const top = placeOf(event) * LINE;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + LINE > list.scrollTop + list.clientHeight) list.scrollTop = top + LINE - list.clientHeight;
}

/** Everything at the cursor, as a table. */
function writeInstant() {
  const table = document.getElementById("instant");
  if (!table.closest("details").open || view.cursor === null) return;
  const at = view.cursor;
  document.getElementById("instant-at").textContent = clock(at);
  const row = (name, state) => {
    const line = document.createElement("tr");
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
    line.append(head, Object.assign(document.createElement("td"), { textContent: state }));
    return line;
  };
  const lines = [];
  for (const fault of run.faults) if (fault.from <= at && at < (fault.to ?? Infinity)) lines.push(row("broken", `${fault.text}, for ${lasting(at - fault.from)}`));
  const stood = run.steps.filter((it) => it.at <= at).pop();
  if (stood) lines.push(row("step", stood.text));
  for (const lane of lanes) {
    if (lane.what === "drill") continue;
    const span = lane.spans.at(at);
    if (lane.parent >= 0 && (span < 0 || run.states[lane.spans.state[span]] === "Online")) continue;
    const since = span >= 0 ? `, for ${lasting(at - lane.spans.from[span])}` : "";
    lines.push(row(lane.label, stateText(lane, span) + since + (isOut(lane, at) ? "; out of service for clients" : "")));
  }
  table.replaceChildren(...lines);
}

/** The states of the lanes in sight, as a table: what the picture shows, for those who do not see it. */
function writeStateTable() {
  const most = 500;
  const body = document.getElementById("spans");
  const lines = [];
  let left = 0;
  for (const { lane } of view.rows) {
    for (let i = lane.spans.first(view.from); i < lane.spans.count && lane.spans.from[i] < view.to; i += 1) {
      if (lines.length >= most) {
        left += 1;
        continue;
      }
      const line = document.createElement("tr");
      const cells = [lane.label, stateText(lane, i), clock(lane.spans.from[i]), clock(lane.spans.to[i]), lasting(lane.spans.to[i] - lane.spans.from[i])];
      cells.forEach((text, place) => {
        const cell = document.createElement(place === 0 ? "th" : "td");
        if (place === 0) cell.scope = "row";
        cell.textContent = text;
        line.append(cell);
      });
      lines.push(line);
    }
  }
  body.replaceChildren(...lines);
  document.getElementById("spans-left").textContent = left > 0 ? `and ${left} more: zoom in to see them` : "";
}

/** The check boxes of the filter. */
function choices(place, names, set, values) {
  const field = document.getElementById(place);
  names.forEach((name, index) => {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: set.has(values[index]) });
    box.addEventListener("change", () => {
      if (box.checked) set.add(values[index]);
      else set.delete(values[index]);
      layOut();
    });
    label.append(box);
    if (place === "filter-nodes") label.append(badge(index));
    label.append(` ${name}`);
    field.append(label);
  });
  for (const button of field.querySelectorAll("button[data-all]")) {
    button.addEventListener("click", () => {
      const all = button.dataset.all === "yes";
      values.forEach((value) => (all ? set.add(value) : set.delete(value)));
      for (const box of field.querySelectorAll("input")) box.checked = all;
      layOut();
    });
  }
}
