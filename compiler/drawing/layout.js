// Blocks are laid out from the inside out: each one places what is in it in layers, and is one card of its own size
// for the block around it.
/** The item that stands for a layer on the page: itself, or the outermost closed block around it. */
function shown(id) {
  const item = items.get(id);
  return item.way.find((one) => !open.has(one)) ?? id;
}

function measure(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

function lines(item) {
  const small = [...item.lines];
  if (item.box) small.push(...item.facts);
  return small;
}

function size(item) {
  const title = measure(item.name, "600 14px sans-serif") + 8 + measure(item.type, "14px sans-serif")
    + (item.times ? 8 + measure(item.times, "600 14px sans-serif") : 0) + (item.box ? 18 : 0);
  const small = lines(item).map((line) => measure(line, "12px sans-serif"));
  return { w: Math.ceil(Math.max(title, ...small, 40) + 26), h: 30 + 16 * small.length };
}

/** Wires between what is seen, each once, with all its labels. */
function seenWires() {
  const found = new Map();
  for (const [source, target, label, weights] of data.wires) {
    const a = shown(source), b = shown(target);
    if (a === b) continue;
    const key = `${a}\n${b}\n${weights}`;
    const wire = found.get(key) ?? { a, b, weights, labels: [] };
    if (!wire.labels.includes(label)) wire.labels.push(label);
    found.set(key, wire);
  }
  return [...found.values()];
}

function laidOut() {
  const wires = seenWires();
  const local = new Map([["", []]]); // block → the parts of wires inside it
  for (const wire of wires) {
    const from = items.get(wire.a).way, to = items.get(wire.b).way;
    let same = 0;
    while (same < from.length && same < to.length && from[same] === to[same]) same += 1;
    wire.parts = [];
    const part = (block, a, b) => {
      const one = { block, a, b, wire, points: [] };
      if (!local.has(block)) local.set(block, []);
      local.get(block).push(one);
      wire.parts.push(one);
    };
    // Out of the blocks around the source, across the block that both are in, into those around the target.
    const up = [...from.slice(same), wire.a], down = [...to.slice(same), wire.b];
    const out = `out ${wire.a}`, into = `in ${wire.a}`;
    for (let at = up.length - 2; at >= 0; at -= 1) part(up[at], { id: up[at + 1], port: at + 2 < up.length ? out : null }, { port: out });
    part(same ? from[same - 1] : "", { id: up[0], port: up.length > 1 ? out : null }, { id: down[0], port: down.length > 1 ? into : null });
    for (let at = 0; at < down.length - 1; at += 1) part(down[at], { port: into }, { id: down[at + 1], port: at + 2 < down.length ? into : null });
  }
  const place = block(root, local);
  return { wires, place };
}

/** Place what is in a block: {w, h, nodes, ports}, all relative to the block's corner. */
function block(owner, local) {
  const across = direction === "LR";
  const nodes = new Map();
  for (const item of owner.items) {
    const inner = item.box && open.has(item.id) ? block(item, local) : null;
    const box = inner ?? size(item);
    nodes.set(item.id, { id: item.id, inner, w: across ? box.h : box.w, h: across ? box.w : box.h, from: [], to: [] });
  }
  const edges = [], once = new Map();
  for (const part of local.get(owner.id) ?? []) {
    const ends = [part.a, part.b].map((end) => end.id ?? end.port);
    for (const end of [part.a, part.b]) {
      if (!end.id && !nodes.has(end.port)) nodes.set(end.port, { id: end.port, port: end.port.slice(0, 2), w: 2, h: 0, from: [], to: [] });
    }
    const key = `${ends[0]}\n${ends[1]}\n${part.a.port}\n${part.b.port}\n${part.wire.weights}`;
    let edge = once.get(key);
    if (!edge) {
      edge = { a: nodes.get(ends[0]), b: nodes.get(ends[1]), from: part.a, to: part.b, parts: [], loose: part.wire.weights };
      once.set(key, edge);
      edges.push(edge);
    }
    edge.parts.push(part);
  }
  const layers = layered([...nodes.values()], edges);
  const gap = across ? Math.min(190, Math.max(60, ...edges.filter((one) => !one.loose).map((one) => 26 + measure(labelOf(one.parts[0].wire), "12px sans-serif")))) : 46;
  let top = owner.id === "" ? PAD : (across ? PAD : HEAD + PAD);
  const tops = layers.map((layer, at) => {
    const height = Math.max(0, ...layer.map((node) => node.h));
    const here = { top, bottom: top + height };
    const onlyPorts = layer.every((node) => node.port);
    top += height + (at + 1 === layers.length ? 0 : onlyPorts || layers[at + 1].every((node) => node.port) ? 18 : gap);
    return here;
  });
  let left = Infinity, right = -Infinity;
  for (const layer of layers) for (const node of layer) {
    left = Math.min(left, node.x - node.w / 2);
    right = Math.max(right, node.x + node.w / 2);
  }
  const heading = owner.id === "" ? 0 : measure(owner.name + owner.type + owner.times, "600 14px sans-serif") + 60;
  const side = across && owner.id !== "" ? HEAD + PAD : PAD;
  const width = Math.max(right - left + side + PAD, across ? 0 : heading);
  const shift = (across ? side : (width - (right - left)) / 2) - left;
  let length = top + PAD;
  if (across) length = Math.max(length, heading);
  const turned = (x, y) => (across ? [y, x] : [x, y]);
  const result = { nodes: new Map(), ports: new Map(), w: across ? length : width, h: across ? width : length };
  layers.forEach((layer, at) => {
    for (const node of layer) {
      node.x += shift;
      node.top = node.port ? (node.port === "in" ? 0 : length) : node.thin ? tops[at].top : (tops[at].top + tops[at].bottom - node.h) / 2;
      node.layer = at;
      if (node.port) result.ports.set(node.id, node.x);
      else if (!node.thin) {
        const [x, y] = turned(node.x - node.w / 2, node.top);
        result.nodes.set(node.id, { x, y, w: across ? node.h : node.w, h: across ? node.w : node.h, inner: node.inner });
      }
    }
  });
  const attach = (node, end, bottom) => {
    const x = node.inner && end.port ? node.x - node.w / 2 + node.inner.ports.get(end.port) : node.x;
    return [x, node.port ? node.top : bottom ? node.top + node.h : node.top];
  };
  for (const edge of edges) {
    const points = [attach(edge.a, edge.from, !edge.back)];
    for (const thin of edge.thin ?? []) points.push([thin.x, tops[thin.layer].top], [thin.x, tops[thin.layer].bottom]);
    points.push(attach(edge.b, edge.to, edge.back));
    for (const part of edge.parts) part.points = points.map(([x, y]) => turned(x, y));
  }
  return result;
}
