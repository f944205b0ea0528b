// The page comes to life.

readTheme();
const groupLanes = lanes.filter((it) => it.what === "group");
const counts = new Uint32Array(run.kinds.length);
for (let i = 0; i < events.count; i += 1) counts[events.kind[i]] += 1;
choices("filter-nodes", run.nodes, filter.nodes, [...run.nodes.keys()]);
choices("filter-groups", groupLanes.map((it) => it.name), filter.groups, groupLanes.map((it) => it.index));
choices("filter-kinds", run.kinds.map((name, kind) => `${name} (${counts[kind]})`), filter.kinds, [...run.kinds.keys()]);

const search = document.getElementById("search");
let later = 0;
search.addEventListener("input", () => {
  clearTimeout(later);
  later = setTimeout(() => {
    filter.words = search.value.trim().toLowerCase();
    layOut();
  }, 120);
});

for (const [name, write] of [["instant", writeInstant], ["spans", writeStateTable]]) {
  document.getElementById(name).closest("details").addEventListener("toggle", write);
}
document.getElementById("spans-again").addEventListener("click", writeStateTable);

function restyle() {
  readTheme();
  layOut();
}
for (const query of ["(prefers-color-scheme: dark)", "print"]) window.matchMedia(query).addEventListener("change", restyle);
// A printer gets the picture at the width of its page, drawn before the page is taken.
window.addEventListener("beforeprint", () => {
  restyle();
  drawStill();
  drawMoving();
});
window.addEventListener("afterprint", restyle);
new ResizeObserver(() => {
  if (Math.max(plot.clientWidth, 50) !== view.width) layOut();
}).observe(plot);

layOut();
showFirst();
const asked = /^#event-(\d+)$/.exec(location.hash);
select(asked && Number(asked[1]) < events.count ? Number(asked[1]) : -1);
document.documentElement.classList.add("alive");
