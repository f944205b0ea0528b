// Colours come from the style sheet, so that both themes are described in one place.

const theme = { ink: "", colours: {}, nodes: [], patterns: new Map(), looks: new Map() };

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "soft", "line", "paper", "raised", "accent", "bad", "warn", "good", "calm", "ice", "fault"];
  for (const name of names) theme.colours[name] = style.getPropertyValue(`--${name}`).trim();
  theme.nodes = [];
  for (let i = 0; i < 8; i += 1) theme.nodes.push(style.getPropertyValue(`--node-${i}`).trim());
  theme.patterns.clear();
  theme.looks.clear();
}

const nodeColour = (node) => (node < 0 ? theme.colours.soft : theme.nodes[node % theme.nodes.length]);

/** Dark or light, whichever can be read better on a colour. */
function inkOn(colour) {
  const number = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [number >> 16, (number >> 8) & 255, number & 255];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 125 ? "#111111" : "#ffffff";
}

/** Stripes of a colour, so that a state can be told without seeing colours. */
function stripes(colour, back, crossed) {
  const key = `${colour}${back}${crossed}`;
  if (!theme.patterns.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = 16;
    tile.height = 16;
    const pen = tile.getContext("2d");
    pen.fillStyle = back;
    pen.fillRect(0, 0, 16, 16);
    pen.strokeStyle = colour;
    pen.lineWidth = 4;
    for (const shift of [-16, 0, 16]) {
      pen.beginPath();
      pen.moveTo(shift - 2, 18);
      pen.lineTo(shift + 18, -2);
      if (crossed) {
        pen.moveTo(shift - 2, -2);
        pen.lineTo(shift + 18, 18);
      }
      pen.stroke();
    }
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(0.5));
    theme.patterns.set(key, pattern);
  }
  return theme.patterns.get(key);
}

/**
 * How a state looks: what fills it, what its words are written in, how bad it is (the worst of those that share a pixel is
 * drawn), and whether it has an outline only.
 */
function look(lane, state, node) {
  const key = `${lane.what} ${state} ${lane.what === "node" ? lane.node : node}`;
  if (!theme.looks.has(key)) theme.looks.set(key, drawn(lane, state, node));
  return theme.looks.get(key);
}

function drawn(lane, state, node) {
  const { colours } = theme;
  const own = nodeColour(node);
  const solid = (fill, bad) => ({ fill, ink: inkOn(fill), bad });
  const striped = (colour, bad, crossed = false) => ({
    fill: stripes(colour, colours.raised, crossed),
    ink: colours.ink,
    plate: colours.raised,
    bad,
  });
  switch (lane.what) {
    case "coordinator":
      return solid(own, 1);
    case "node":
      return {
        up: () => solid(nodeColour(lane.node), 1),
        joining: () => striped(nodeColour(lane.node), 3),
        paused: () => striped(colours.warn, 2),
        frozen: () => striped(colours.ice, 4, true),
        "no quorum": () => striped(colours.bad, 4, true),
        down: () => ({ fill: colours.raised, ink: colours.bad, outline: colours.bad, bad: 5 }),
        off: () => ({ fill: colours.raised, ink: colours.bad, outline: colours.bad, bad: 6 }),
      }[state]?.() ?? { fill: colours.raised, ink: colours.soft, outline: colours.soft, bad: 5 };
    case "group":
    case "resource":
      return {
        Online: () => solid(own, 1),
        PartialOnline: () => ({ fill: colours.raised, ink: colours.ink, outline: own, half: own, bad: 3 }),
        Failed: () => striped(colours.bad, 5, true),
        Offline: () => ({ fill: colours.raised, ink: colours.soft, outline: colours.soft, bad: 2 }),
      }[state]?.() ?? striped(own, 4);
    default:
      if (state === "slow") return striped(colours.warn, 2);
      return ["answered", "held"].includes(state) ? solid(colours.good, 1) : striped(colours.bad, 5, true);
  }
}
