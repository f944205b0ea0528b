// The picture: a canvas with everything that stands still, and one above it with what follows the pointer.

const still = document.getElementById("still");
const moving = document.getElementById("moving");
const axis = document.getElementById("axis");

const AXIS = 26;
const FAULT = 18;

/** What is shown: from when to when, which lanes one below the other, and what is pointed at. */
const view = {
  from: 0,
  to: run.end,
  width: 0,
  height: 0,
  row: 24,
  rows: [],
  cursor: null,
  hovered: -1,
  selected: -1,
};

const x = (at) => ((at - view.from) / (view.to - view.from)) * view.width;
const instant = (px) => view.from + (px / view.width) * (view.to - view.from);

/** Faults one below the other where they stand at the same time. */
const faultRows = (() => {
  const ends = [];
  for (const fault of run.faults) {
    let row = ends.findIndex((end) => end <= fault.from);
    if (row < 0) row = ends.length;
    ends[row] = fault.to ?? Infinity;
    fault.row = Math.min(row, 5);
  }
  return Math.min(ends.length, 6);
})();

/** Sets a canvas to a size, with as many pixels as the screen has, within what browsers bear. */
function size(canvas, width, height) {
  const most = Math.sqrt(24e6 / Math.max(1, width * height));
  const scale = Math.min(window.devicePixelRatio || 1, most);
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = "middle";
  return pen;
}

/** The step between the marks of the axis: one that people count in, at least 90 pixels wide. */
function axisStep() {
  const least = ((view.to - view.from) / view.width) * 90;
  const nice = [1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms * 1e3);
  for (const s of [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400]) nice.push(s * 1e6);
  return nice.find((step) => step >= least) ?? Math.ceil(least / 86400e6) * 86400e6;
}

function drawAxis(step) {
  const pen = size(axis, view.width, AXIS);
  pen.fillStyle = theme.colours.soft;
  pen.strokeStyle = theme.colours.line;
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const px = Math.round(x(at)) + 0.5;
    pen.beginPath();
    pen.moveTo(px, AXIS - 6);
    pen.lineTo(px, AXIS);
    pen.stroke();
    const words = clock(at, step);
    if (px + pen.measureText(words).width + 3 < view.width) pen.fillText(words, px + 3, AXIS / 2 - 2);
  }
}

/** As much of a text as there is room for. */
function cutTo(pen, text, room) {
  let length = text.length;
  while (length > 3 && pen.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return length > 3 ? `${text.slice(0, length)}…` : undefined;
}

/** The longest of some words that a bar has room for, cut at the picture's edges. */
function words(pen, text, from, to, middle, colour, plate, high = 16) {
  const [left, right] = [Math.max(from, 0) + 5, Math.min(to, view.width) - 4];
  const room = right - left;
  if (room < 9) return;
  const shown = text.find((it) => pen.measureText(it).width <= room) ?? (text.length === 1 ? cutTo(pen, text[0], room) : undefined);
  if (shown === undefined) return;
  if (plate) {
    pen.fillStyle = plate;
    pen.fillRect(left - 3, middle - high / 2, pen.measureText(shown).width + 6, high);
  }
  pen.fillStyle = colour;
  pen.fillText(shown, left, middle + 0.5);
}

function bar(pen, shape, from, to, top, height) {
  const width = Math.max(to - from, 1);
  pen.fillStyle = shape.fill;
  pen.fillRect(from, top, width, height);
  if (shape.half) {
    pen.fillStyle = shape.half;
    pen.fillRect(from, top + height / 2, width, height / 2);
  }
  if (shape.outline && width > 2) {
    pen.strokeStyle = shape.outline;
    pen.strokeRect(from + 0.5, top + 0.5, width - 1, height - 1);
  }
}

/** A lane's states. Of those that share a pixel the worst is drawn. */
function drawSpans(pen, row) {
  const { lane, top } = row;
  const { spans } = lane;
  const [high, low] = [top + 3, view.row - 8];
  let [pixel, worst] = [-1, null];
  const flush = () => {
    if (worst) bar(pen, worst, pixel, pixel + 1, high, low);
    worst = null;
  };
  for (let i = spans.first(view.from); i < spans.count && spans.from[i] < view.to; i += 1) {
    const [from, to] = [Math.max(x(spans.from[i]), -2), Math.min(x(spans.to[i]), view.width + 2)];
    const shape = look(lane, run.states[spans.state[i]], spans.node[i]);
    if (to - from < 1) {
      if (Math.floor(from) !== pixel) flush();
      pixel = Math.floor(from);
      if (!worst || shape.bad > worst.bad) worst = shape;
      continue;
    }
    flush();
    bar(pen, shape, from, to, high, low);
    if (to - from > 2) {
      pen.fillStyle = theme.colours.paper;
      pen.fillRect(to - 0.5, high, 1, low);
    }
    const who = spans.node[i] < 0 ? "" : letter(spans.node[i]);
    const text = [stateText(lane, i).replace(", ", " · ")];
    if (lane.what === "node") text.push(letter(lane.node));
    else if (who) text.push(who);
    words(pen, text, from, to, high + low / 2, shape.ink, shape.plate, low);
  }
  flush();
}

/** When a group was out of service for clients, as a line above what its cluster had it as. */
function drawOut(pen, row) {
  pen.fillStyle = theme.colours.bad;
  for (let i = 0; i < row.lane.out.length; i += 2) {
    const [from, to] = [x(row.lane.out[i]), x(row.lane.out[i] + row.lane.out[i + 1])];
    if (to >= 0 && from <= view.width) pen.fillRect(Math.max(from, 0), row.top, Math.max(Math.min(to, view.width) - Math.max(from, 0), 1), 3);
  }
}

/** A lane's events as marks at its foot: one for each pixel, stronger where there are many. Neighbours that look the same are one. */
function drawTicks(pen, row) {
  const foot = row.top + row.height - 5;
  const { ticks } = row.lane;
  pen.fillStyle = theme.colours.ink;
  let [start, end, strength] = [0, 0, 0];
  const flush = () => {
    pen.globalAlpha = 0.4 + 0.2 * strength;
    if (end > start) pen.fillRect(start, foot, end - start === 1 ? 1.5 : end - start, 5);
  };
  let i = firstTick(ticks, view.from);
  while (i < ticks.length && events.at[ticks[i]] <= view.to) {
    const pixel = Math.floor(x(events.at[ticks[i]]));
    // From pixel to pixel, not from event to event.
    const next = Math.max(firstTick(ticks, instant(pixel + 1), i), i + 1);
    const many = Math.min(Math.floor(Math.log2(next - i)), 3);
    if (pixel !== end || many !== strength) {
      flush();
      [start, strength] = [pixel, many];
    }
    end = pixel + 1;
    i = next;
  }
  flush();
  pen.globalAlpha = 1;
}

/** The first of a lane's shown events that is not before an instant, from one of them on. */
function firstTick(ticks, at, from = 0) {
  let [low, high] = [from, ticks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events.at[ticks[middle]] >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where a fault is in the picture, or nothing where it is out of sight. */
function reachOf(fault) {
  const [from, to] = [x(fault.from), x(fault.to ?? run.end)];
  if (to < 0 || from > view.width) return null;
  return [Math.max(from, -2), Math.min(Math.max(to, from + 2), view.width + 2)];
}

/** The faults as bands across all lanes, below what the lanes show. */
function drawBands(pen) {
  pen.fillStyle = theme.colours.fault;
  for (const [left, right] of run.faults.map(reachOf).filter(Boolean)) {
    pen.globalAlpha = 0.12;
    pen.fillRect(left, 0, right - left, view.height);
    pen.globalAlpha = 0.6;
    for (const edge of [left, right]) pen.fillRect(edge, 0, 1, view.height);
  }
  pen.globalAlpha = 1;
}

/** The faults in words, a bar each. */
function drawFaults(pen, row) {
  const { colours } = theme;
  for (const fault of run.faults) {
    const reached = reachOf(fault);
    if (!reached) continue;
    const [left, right] = reached;
    const top = row.top + 2 + fault.row * FAULT;
    pen.fillStyle = stripes(colours.fault, colours.raised, false);
    pen.fillRect(left, top, right - left, FAULT - 4);
    pen.strokeStyle = colours.fault;
    pen.strokeRect(left + 0.5, top + 0.5, right - left - 1, FAULT - 5);
    words(pen, [fault.text], left, right, top + FAULT / 2 - 2, colours.ink, colours.raised, FAULT - 6);
  }
}

function drawSteps(pen, row) {
  pen.setLineDash([2, 4]);
  pen.strokeStyle = theme.colours.soft;
  let last = -100;
  run.steps.forEach((step, index) => {
    const px = Math.round(x(step.at)) + 0.5;
    if (px < 0 || px > view.width) return;
    pen.beginPath();
    pen.moveTo(px, row.top + row.height - 20);
    pen.lineTo(px, view.height);
    pen.stroke();
    if (px - last < 16) return;
    last = px;
    const middle = row.top + row.height - 14;
    pen.fillStyle = theme.colours.accent;
    pen.fillRect(px, middle - 8, 8 + 7 * String(index + 1).length, 15);
    pen.fillStyle = theme.colours.paper;
    pen.fillText(String(index + 1), px + 4, middle);
  });
  pen.setLineDash([]);
}

function drawStill() {
  const pen = size(still, view.width, view.height);
  const step = axisStep();
  drawAxis(step);
  const { colours } = theme;
  pen.strokeStyle = colours.line;
  for (const row of view.rows) {
    pen.beginPath();
    pen.moveTo(0, row.top + row.height - 0.5);
    pen.lineTo(view.width, row.top + row.height - 0.5);
    pen.stroke();
  }
  const drill = view.rows.find((row) => row.lane.what === "drill");
  drawBands(pen);
  for (const row of view.rows) if (row !== drill) drawSpans(pen, row);
  drawFaults(pen, drill);
  drawSteps(pen, drill);
  for (const row of view.rows) {
    drawOut(pen, row);
    drawTicks(pen, row);
  }
}

const rowOf = (event) => {
  const lane = shownLane(event);
  return view.rows.find((row) => row.lane === lane);
};

/** Where an event is in the picture. */
function place(event) {
  const row = rowOf(event);
  if (!row) return null;
  return { x: x(events.at[event]), y: row.top + row.height - 7 };
}

/** The causes of an event as a line from mark to mark. */
function drawChain(pen, event) {
  const { colours } = theme;
  const places = chain(event).map(place).filter(Boolean);
  pen.strokeStyle = colours.accent;
  pen.fillStyle = colours.accent;
  pen.lineWidth = 2;
  for (let i = 1; i < places.length; i += 1) {
    const [from, to] = [places[i - 1], places[i]];
    const bend = Math.max(12, Math.abs(to.x - from.x) / 3);
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y);
    pen.stroke();
    // A head, where the line comes in from the left.
    pen.beginPath();
    pen.moveTo(to.x - 4, to.y);
    pen.lineTo(to.x - 11, to.y - 4);
    pen.lineTo(to.x - 11, to.y + 4);
    pen.fill();
  }
  places.forEach((it, index) => {
    pen.beginPath();
    pen.arc(it.x, it.y, index === places.length - 1 ? 5 : 3.5, 0, 7);
    pen.fill();
    pen.strokeStyle = colours.paper;
    pen.lineWidth = 1;
    pen.stroke();
  });
  pen.lineWidth = 1;
}

function drawMoving() {
  const pen = size(moving, view.width, view.height);
  if (view.cursor !== null) {
    const px = Math.round(x(view.cursor)) + 0.5;
    pen.strokeStyle = theme.colours.ink;
    pen.beginPath();
    pen.moveTo(px, 0);
    pen.lineTo(px, view.height);
    pen.stroke();
  }
  if (view.selected >= 0) drawChain(pen, view.selected);
  if (view.hovered >= 0 && view.hovered !== view.selected) drawChain(pen, view.hovered);
}

let due = { still: false, moving: false };

/** Draws at the next frame; `all` if more than what follows the pointer has changed. */
function redraw(all) {
  if (!due.still && !due.moving) {
    requestAnimationFrame(() => {
      const now = due;
      due = { still: false, moving: false };
      if (view.width <= 0) return;
      if (now.still) drawStill();
      drawMoving();
    });
  }
  if (all) due.still = true;
  due.moving = true;
}
