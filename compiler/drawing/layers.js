// Nodes and edges in layers: the same for every block, whatever its nodes are.
/** Nodes in layers, ordered so that few wires cross, with an x each (of its middle). */
function layered(nodes, edges) {
  const state = new Map(), depth = new Map();
  const next = new Map(nodes.map((node) => [node, []]));
  for (const edge of edges) if (!edge.loose && edge.a !== edge.b) next.get(edge.a).push(edge);
  // Without recursion: rows of layers may be long. Wires that lead back are turned around.
  const order = [];
  for (const start of nodes) {
    if (state.has(start)) continue;
    const stack = [[start, 0]];
    state.set(start, 1);
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = next.get(top[0])[top[1]++];
      if (!edge) { state.set(top[0], 2); order.push(top[0]); stack.pop(); continue; }
      if (state.get(edge.b) === 1) edge.back = true;
      else if (!state.has(edge.b)) { state.set(edge.b, 1); stack.push([edge.b, 0]); }
    }
  }
  order.reverse();
  const tight = edges.filter((edge) => !edge.loose && edge.a !== edge.b).map((edge) => (edge.back ? [edge.b, edge.a] : [edge.a, edge.b]));
  const after = new Map(nodes.map((node) => [node, []]));
  for (const [a, b] of tight) after.get(a).push(b);
  for (const node of nodes) depth.set(node, node.port === "in" || !nodes.some((one) => one.port === "in") ? 0 : 1);
  for (const node of order) for (const b of after.get(node)) depth.set(b, Math.max(depth.get(b), depth.get(node) + 1));
  const entered = new Set(tight.map(([, b]) => b));
  for (const node of [...order].reverse()) {
    if (!entered.has(node) && after.get(node).length && node.port !== "in")
      depth.set(node, Math.max(depth.get(node), Math.min(...after.get(node).map((b) => depth.get(b))) - 1));
  }
  let last = Math.max(0, ...nodes.filter((node) => node.port !== "ou").map((node) => depth.get(node)));
  for (const node of nodes) if (node.port === "ou") depth.set(node, last + 1);
  const layers = Array.from({ length: Math.max(...nodes.map((node) => depth.get(node))) + 1 }, () => []);
  const rank = new Map(nodes.map((node, at) => [node, at]));
  for (const node of [...nodes].sort((a, b) => rank.get(a) - rank.get(b))) layers[depth.get(node)].push(node);
  const links = [];
  for (const edge of edges) {
    if (edge.loose || edge.a === edge.b) continue;
    const [a, b] = edge.back ? [edge.b, edge.a] : [edge.a, edge.b];
    edge.thin = [];
    let before = a;
    for (let at = depth.get(a) + 1; at < depth.get(b); at += 1) {
      const thin = { thin: true, w: THIN, h: 0, layer: at, from: [], to: [] };
      layers[at].push(thin);
      edge.thin.push(thin);
      links.push([before, thin]);
      before = thin;
    }
    links.push([before, b]);
    if (edge.back) edge.thin.reverse();
  }
  for (const [a, b] of links) { a.to.push(b); b.from.push(a); }
  ordered(layers);
  aligned(layers);
  return layers;
}

function crossings(layers) {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((node) => node.to.map((one) => one.at).sort((a, b) => a - b));
    if (ends.length > 400) continue;
    for (let i = 0; i < ends.length; i += 1) for (let j = i + 1; j < ends.length; j += 1) if (ends[i] > ends[j]) count += 1;
  }
  return count;
}

function ordered(layers) {
  const number = () => { for (const layer of layers) layer.forEach((node, at) => { node.at = at; }); };
  number();
  let best = layers.map((layer) => [...layer]), least = crossings(layers);
  for (let pass = 0; pass < 10 && least > 0; pass += 1) {
    const down = pass % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const node of layer) {
        const beside = (down ? node.from : node.to).map((one) => one.at);
        node.pull = beside.length ? beside.reduce((a, b) => a + b, 0) / beside.length : node.at;
      }
      layer.sort((a, b) => a.pull - b.pull || a.at - b.at);
      layer.forEach((node, at) => { node.at = at; });
    }
    const now = crossings(layers);
    if (now < least) { least = now; best = layers.map((layer) => [...layer]); }
  }
  best.forEach((layer, at) => { layers[at] = layer; });
  number();
}

/** An x for every node: close to what it is wired to, in its order, with room between. */
function aligned(layers) {
  for (const layer of layers) {
    let x = 0;
    for (const node of layer) { node.x = x + node.w / 2; x += node.w + APART; }
    const middle = (x - APART) / 2;
    for (const node of layer) node.x -= middle;
  }
  for (let pass = 0; pass < 14; pass += 1) {
    const down = pass % 2 === 0;
    for (const layer of down || pass === 13 ? layers : [...layers].reverse()) {
      const wanted = layer.map((node) => {
        const beside = pass === 12 ? [...node.from, ...node.to] : down || pass === 13 ? node.from : node.to;
        return beside.length ? beside.reduce((sum, one) => sum + one.x, 0) / beside.length : node.x;
      });
      spread(layer, wanted);
    }
  }
}

/** The places nearest to those that are wanted at which nothing overlaps: neighbours that would are moved together. */
function spread(layer, wanted) {
  let offset = 0;
  const groups = [];
  layer.forEach((node, at) => {
    if (at) offset += (layer[at - 1].w + node.w) / 2 + (node.thin && layer[at - 1].thin ? 6 : APART);
    const weight = node.thin ? 3 : 1;
    let group = { sum: (wanted[at] - offset) * weight, weight, members: [[node, offset]] };
    while (groups.length && groups[groups.length - 1].sum / groups[groups.length - 1].weight > group.sum / group.weight) {
      const before = groups.pop();
      group = { sum: before.sum + group.sum, weight: before.weight + group.weight, members: [...before.members, ...group.members] };
    }
    groups.push(group);
  });
  for (const group of groups) for (const [node, at] of group.members) node.x = group.sum / group.weight + at;
}
