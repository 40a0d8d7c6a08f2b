// The page of one network: what it knows and what it shows. The other files stand in the same function.
const data = JSON.parse(document.getElementById("network").textContent);
const SVG = "http://www.w3.org/2000/svg";
const PAD = 14, HEAD = 30, APART = 26, THIN = 16;
const svg = document.getElementById("drawing");
const stage = document.getElementById("stage");
const panel = document.getElementById("panel");
const said = document.getElementById("said");
const search = document.getElementById("search");
const heat = document.getElementById("heat");
const items = new Map();
const open = new Set(data.open);
const pen = document.createElement("canvas").getContext("2d");
let direction = data.direction, selected = null, view = { x: 0, y: 0, scale: 1 }, bounds = { w: 1, h: 1 };
let matches = [], match = -1;

const root = { id: "", items: data.items, box: true, way: [] };
(function learn(parent) {
  for (const item of parent.items) {
    item.way = parent.id === "" ? [] : [...parent.way, parent.id];
    item.box = Boolean(item.items);
    items.set(item.id, item);
    if (item.box) learn(item);
  }
})(root);

function make(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

const labelOf = (wire) => wire.labels[0] + (wire.labels.length > 1 ? ", …" : "");

function draw() {
  const { wires, place } = laidOut();
  bounds = { w: place.w, h: place.h };
  stage.replaceChildren();
  const boxes = make("g", {}, stage), lines_ = make("g", {}, stage), cards = make("g", {}, stage), labels = make("g", {}, stage);
  const at = new Map([["", [0, 0]]]);
  const middle = new Map();
  const costs = [];
  (function each(placed, x, y, level) {
    for (const [id, node] of placed.nodes) {
      const item = items.get(id), here = [x + node.x, y + node.y];
      at.set(id, here);
      middle.set(id, [here[0] + node.w / 2, here[1] + node.h / 2, node.w / 2, node.h / 2]);
      if (node.inner) {
        frame(item, here, node, boxes, cards, level);
        each(node.inner, here[0], here[1], level + 1);
      } else {
        costs.push([item, card(item, here, node, cards)]);
      }
    }
  })(place, 0, 0, 0);
  const leaving = new Map(), taken = [];
  for (const wire of wires) if (!wire.weights) leaving.set(wire.a, (leaving.get(wire.a) ?? 0) + 1);
  for (const wire of wires) {
    if (wire.weights) {
      const [a, b] = [middle.get(wire.a), middle.get(wire.b)];
      const line = a && b ? `M${a[0] + a[2]},${a[1]} C${a[0] + a[2] + 60},${a[1]} ${b[0] + b[2] + 60},${b[1]} ${b[0] + b[2]},${b[1]}` : null;
      if (line) make("title", {}, make("path", { d: line, class: "wire weights" }, lines_), labelOf(wire));
      continue;
    }
    const points = wire.parts.flatMap((part) => part.points.map(([x, y]) => [x + at.get(part.block)[0], y + at.get(part.block)[1]]));
    const line = make("path", { d: curve(points), class: "wire", "marker-end": "url(#tip)", "data-from": wire.a, "data-to": wire.b }, lines_);
    make("title", {}, line, wire.labels.join(", "));
    // The label stands where the wire crosses from one to the other, outside of the blocks that it leaves or enters.
    const part = wire.parts.find((one) => one.a.id !== undefined && one.b.id !== undefined);
    const here = part.points.map(([x, y]) => [x + at.get(part.block)[0], y + at.get(part.block)[1]]);
    const [near, far] = [here.slice(0, 2), here.slice(-2)];
    chip(labelOf(wire), leaving.get(wire.a) > 1 ? [far, near] : [near, far], labels, taken);
  }
  paintHeat(costs);
  search.value && find(false);
  mark();
  said.textContent = `${costs.length} of ${data.count} cards`;
}

function curve(points) {
  const lr = direction === "LR";
  let d = `M${points[0]}`;
  for (let at = 1; at < points.length; at += 1) {
    const [x, y] = points[at - 1], [to, down] = points[at];
    d += Math.abs(lr ? down - y : to - x) < 0.5 ? `L${to},${down}`
      : lr ? `C${(x + to) / 2},${y} ${(x + to) / 2},${down} ${to},${down}`
        : `C${x},${(y + down) / 2} ${to},${(y + down) / 2} ${to},${down}`;
  }
  return d;
}

/** A label on one of some stretches of a wire, where it covers no other; none where there is no room. */
function chip(text, stretches, parent, taken) {
  const width = measure(text, "12px sans-serif") + 12;
  let place = null;
  for (const [a, b] of stretches) {
    for (const share of [0.5, 0.35, 0.65, 0.2, 0.8]) {
      // Curves are steep at their ends: across goes as a smooth step of down.
      const soft = share * share * (3 - 2 * share), lr = direction === "LR";
      const x = a[0] + (b[0] - a[0]) * (lr ? share : soft), y = a[1] + (b[1] - a[1]) * (lr ? soft : share);
      const free = !taken.slice(-80).some((one) => Math.abs(one.x - x) < (one.width + width) / 2 + 3 && Math.abs(one.y - y) < 21);
      if (free) { place ??= [x, y]; break; }
    }
    if (place) break;
  }
  if (!place) return;
  const [x, y] = place;
  taken.push({ x, y, width });
  const group = make("g", { class: "chip" }, parent);
  make("rect", { x: x - width / 2, y: y - 10, width, height: 19, rx: 5 }, group);
  make("text", { x, y: y + 4, "text-anchor": "middle" }, group, text);
}

function titled(item, x, y, parent, anchor) {
  const line = make("text", { x, y, class: "name", "text-anchor": anchor }, parent);
  const span = (text, kind) => text && make("tspan", { class: kind, dx: line.childNodes.length ? 7 : 0 }, line, text);
  if (item.box) span(open.has(item.id) ? "▾" : "▸", "soft");
  span(item.name, "strong");
  span(item.type, "soft");
  span(item.times, "strong");
}

function interactive(group, item) {
  group.setAttribute("tabindex", "0");
  group.setAttribute("role", item.box ? "button" : "img");
  if (item.box) group.setAttribute("aria-expanded", String(open.has(item.id)));
  group.setAttribute("aria-label", [item.name, item.type, item.times, ...lines(item)].filter(Boolean).join(", "));
  group.dataset.id = item.id;
}

function card(item, [x, y], node, parent) {
  const end = item.kind === "input" || item.kind === "output";
  const group = make("g", { class: `card f-${item.family}${item.shared ? " shared" : ""}${item.box ? " closed" : ""}` }, parent);
  interactive(group, item);
  if (item.box) make("rect", { x: x - 3, y: y - 3, width: node.w + 6, height: node.h + 6, rx: 10, class: "outer" }, group);
  make("rect", { x, y, width: node.w, height: node.h, rx: end ? node.h / 2 : 8, class: "body" }, group);
  titled(item, x + node.w / 2, y + 20, group, "middle");
  lines(item).forEach((text, at) => make("text", { x: x + node.w / 2, y: y + 37 + 16 * at, class: "small", "text-anchor": "middle" }, group, text));
  return group;
}

function frame(item, [x, y], node, boxes, heads, level) {
  make("rect", { x, y, width: node.w, height: node.h, rx: 10, class: `frame level${level % 2}` }, boxes);
  const head = make("g", { class: "head" }, heads);
  interactive(head, item);
  make("rect", { x: x + 5, y: y + 5, width: Math.min(node.w - 10, measure(item.name + item.type + item.times, "600 14px sans-serif") + 56), height: 26, rx: 6, class: `grip level${level % 2}` }, head);
  titled(item, x + 12, y + 23, head, "start");
}

function paintHeat(costs) {
  const what = heat.value;
  const legend = document.getElementById("legend");
  legend.replaceChildren();
  for (const [, group] of costs) for (let step = 0; step < 6; step += 1) group.classList.remove(`h${step}`);
  if (!what) return;
  const most = Math.max(0, ...costs.map(([item]) => item.cost[what] ?? 0));
  for (const [item, group] of costs) {
    const value = item.cost[what];
    if (value === null || item.kind === "input" || item.kind === "output") continue;
    group.classList.add(`h${data.shares.filter((share) => value > share * most).length}`);
  }
  ["0", ...data.shares.slice(1).map((share) => `≤ ${short(share * most)}`), `≤ ${short(most)}`].forEach((text, step) => {
    const one = document.createElement("span");
    one.className = `step h${step}`;
    one.textContent = text;
    legend.append(one);
  });
}

function short(number) {
  for (const [power, sign] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (number >= power) return `${Number((number / power).toPrecision(3))}${sign}`;
  }
  return String(Number(number.toPrecision(3)));
}
