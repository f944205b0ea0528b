// The run, as the page's data have it. Times are microseconds from the run's beginning.

const run = JSON.parse(document.getElementById("run").textContent);

/** A number of columns as typed arrays: a day of a cluster has some hundred thousand events. */
function columns(told) {
  const count = told.t.length;
  const events = {
    count,
    at: new Float64Array(count),
    kind: Uint16Array.from(told.k),
    node: Int16Array.from(told.w),
    subject: Int32Array.from(told.s),
    text: Uint32Array.from(told.x),
    cause: new Int32Array(count),
    lane: new Int32Array(count),
  };
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    at += told.t[i];
    events.at[i] = at;
    // How many events before this one its cause is; 0 where there is none.
    events.cause[i] = told.c[i] > 0 ? i - told.c[i] : -1;
  }
  return events;
}

const events = columns(run.events);

/** The state of a lane, from an instant for a length of time. */
class Spans {
  constructor(flat) {
    this.count = flat.length / 4;
    this.from = new Float64Array(this.count);
    this.to = new Float64Array(this.count);
    this.state = new Uint16Array(this.count);
    this.node = new Int16Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      this.from[i] = flat[4 * i];
      this.to[i] = flat[4 * i] + flat[4 * i + 1];
      this.state[i] = flat[4 * i + 2];
      this.node[i] = flat[4 * i + 3];
    }
  }

  /** The first span that ends after an instant. */
  first(at) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.to[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The span at an instant, or -1. At the run's end it is the last one. */
  at(at) {
    const found = this.first(at);
    if (found < this.count) return this.from[found] <= at ? found : -1;
    return this.count > 0 && at >= run.end ? this.count - 1 : -1;
  }
}

const lanes = run.lanes.map((told, index) => ({
  index,
  what: told.what,
  name: told.name,
  label: told.what === "clients" ? `clients of ${told.name}` : told.name,
  node: told.what === "node" ? run.nodes.indexOf(told.name) : -1,
  parent: told.parent ?? -1,
  inner: [],
  open: false,
  spans: new Spans(told.spans),
  out: told.out ?? [],
  ticks: new Uint32Array(0),
}));
for (const lane of lanes) if (lane.parent >= 0) lanes[lane.parent].inner.push(lane);

/** Which lane an event is drawn in: that of its subject, or else of its node, or else the drill's. */
function assign() {
  const by = (what) => new Map(lanes.filter((it) => it.what === what).map((it) => [it.name, it.index]));
  const [nodes, groups, resources] = [by("node"), by("group"), by("resource")];
  const clients = by("clients");
  const drill = lanes.findIndex((it) => it.what === "drill");
  const coordinator = lanes.findIndex((it) => it.what === "coordinator");
  const named = run.texts.map((name) => resources.get(name) ?? groups.get(name) ?? nodes.get(name) ?? -1);
  const felt = run.texts.map((name) => clients.get(name) ?? -1);
  const own = run.nodes.map((name) => nodes.get(name) ?? drill);
  for (let i = 0; i < events.count; i += 1) {
    const [subject, node] = [events.subject[i], events.node[i]];
    const kind = run.kinds[events.kind[i]];
    let lane = subject >= 0 ? named[subject] : -1;
    if (kind === "client" && subject >= 0 && felt[subject] >= 0) lane = felt[subject];
    if (kind === "fault-injected" || kind === "fault-healed") lane = drill;
    if ((kind === "coordinator" || kind === "coordinator-lost") && coordinator >= 0) lane = coordinator;
    if (lane < 0) lane = node >= 0 ? own[node] : drill;
    events.lane[i] = lane;
  }
}
assign();

/** The lane in which an event is seen: a closed group shows its resources' events as its own. */
function shownLane(event) {
  const lane = lanes[events.lane[event]];
  return lane.parent >= 0 && !lanes[lane.parent].open ? lanes[lane.parent] : lane;
}

/** The events that led to one, oldest first, with itself as the last. */
function chain(event) {
  const found = [];
  for (let at = event; at >= 0; at = events.cause[at]) found.push(at);
  return found.reverse();
}

/** What an event led to at once. */
const effects = (() => {
  let first = null;
  return (event) => {
    if (!first) {
      first = new Map();
      for (let i = 0; i < events.count; i += 1) {
        const cause = events.cause[i];
        if (cause < 0) continue;
        if (!first.has(cause)) first.set(cause, []);
        first.get(cause).push(i);
      }
    }
    return first.get(event) ?? [];
  };
})();

const textOf = (event) => run.texts[events.text[event]];

/** A is the first node, Z the 26th, AA the next. */
function letter(node) {
  const last = String.fromCharCode(65 + (node % 26));
  return node < 26 ? last : letter(Math.floor(node / 26) - 1) + last;
}

/** An instant as `h:mm:ss.mmm`, or shorter where the steps between instants are long. */
function clock(at, step = 0) {
  const ms = Math.floor(at / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60, Math.floor(ms / 1000) % 60];
  const whole = `${h}:${two(m)}:${two(s)}`;
  return step >= 1000000 ? whole : `${whole}.${String(ms % 1000).padStart(3, "0")}`;
}

/** A length of time as the rest of Quorate prints it, rounded down to milliseconds. */
function lasting(micros) {
  const ms = Math.floor(micros / 1000);
  const all = Math.floor(ms / 1000);
  const parts = [[Math.floor(all / 86400), "d"], [Math.floor(all / 3600) % 24, "h"], [Math.floor(all / 60) % 60, "m"]];
  const text = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`).join("");
  if (all === 0) return ms === 0 ? "0s" : `${ms}ms`;
  const seconds = (ms % 60000) / 1000;
  return seconds > 0 || text === "" ? `${text}${seconds}s` : text;
}

/** Whether a group was out of service for clients at an instant, whatever its cluster had it as. */
function isOut(lane, at) {
  for (let i = 0; i < lane.out.length; i += 2) if (lane.out[i] <= at && at < lane.out[i] + lane.out[i + 1]) return true;
  return false;
}

/** What a lane's state is, in words. */
function stateText(lane, span) {
  if (span < 0) return "–";
  const [word, node] = [run.states[lane.spans.state[span]], lane.spans.node[span]];
  if (node < 0) return word;
  const who = `${letter(node)} ${run.nodes[node]}`;
  return lane.what === "coordinator" ? who : `${who}, ${word}`;
}
