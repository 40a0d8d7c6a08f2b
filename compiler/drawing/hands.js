// What a person does with the page: by mouse, by touch and by keyboard.
function apply() {
  stage.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.scale})`);
}

function fit(whole) {
  const box = svg.getBoundingClientRect();
  const wide = (box.width - 24) / bounds.w, high = (box.height - 24) / bounds.h;
  const scale = whole ? Math.min(wide, high, 1.5) : Math.min(1, Math.max(Math.min(direction === "LR" ? high : wide, 1), 0.35));
  view = { scale, x: Math.max(12, (box.width - bounds.w * scale) / 2), y: Math.max(12, direction === "LR" || whole ? (box.height - bounds.h * scale) / 2 : 12) };
  if (!whole && direction !== "LR" && bounds.w * scale > box.width) view.x = (box.width - bounds.w * scale) / 2;
  apply();
}

function zoom(factor, x, y) {
  const box = svg.getBoundingClientRect();
  x ??= box.width / 2; y ??= box.height / 2;
  const scale = Math.min(4, Math.max(0.03, view.scale * factor));
  view = { scale, x: x - (x - view.x) * (scale / view.scale), y: y - (y - view.y) * (scale / view.scale) };
  apply();
}

const element = (id) => [...stage.querySelectorAll("[data-id]")].find((one) => one.dataset.id === id);

/** Draw again so that one thing stays where it is on the screen. */
function redraw(keep) {
  const before = keep && element(keep)?.getBoundingClientRect();
  draw();
  const after = before && element(keep)?.getBoundingClientRect();
  if (after) {
    view.x += before.left + before.width / 2 - after.left - after.width / 2;
    view.y += before.top - after.top;
    apply();
  }
}

function toggle(id) {
  if (!items.get(id).box) return;
  if (open.has(id)) open.delete(id); else open.add(id);
  redraw(id);
  element(id)?.focus({ preventScroll: true });
}

function mark() {
  for (const one of stage.querySelectorAll(".selected")) one.classList.remove("selected");
  if (selected === null) return;
  element(selected)?.classList.add("selected");
  for (const wire of stage.querySelectorAll(".wire[data-from]")) {
    if (wire.dataset.from === selected || wire.dataset.to === selected) wire.classList.add("selected");
  }
}

function select(id) {
  selected = id;
  mark();
  panel.hidden = id === null;
  if (id === null) return;
  const item = items.get(id);
  const list = document.createElement("dl");
  const row = (name, value) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = name; text.textContent = value;
    list.append(term, text);
  };
  for (const [name, value] of item.more) row(name, value);
  document.getElementById("what").textContent = item.name;
  document.getElementById("kind").textContent = [item.type, item.times].filter(Boolean).join(" ");
  document.getElementById("details").replaceChildren(list);
}

function reveal(id) {
  items.get(id).way.forEach((one) => open.add(one));
  redraw();
  const found = element(id), box = svg.getBoundingClientRect();
  if (!found) return;
  if (view.scale < 0.5) zoom(0.8 / view.scale);
  const here = found.getBoundingClientRect();
  view.x += box.left + box.width / 2 - here.left - here.width / 2;
  view.y += box.top + box.height / 2 - here.top - here.height / 2;
  apply();
  select(id);
}

function find(jump) {
  const text = search.value.trim().toLowerCase();
  matches = text ? [...items.values()].filter((item) => item.found.includes(text)).map((item) => item.id) : [];
  for (const one of stage.querySelectorAll(".match")) one.classList.remove("match");
  for (const id of matches) element(id)?.classList.add("match");
  if (jump && matches.length) {
    match = (match + 1) % matches.length;
    reveal(matches[match]);
    search.focus();
  }
  document.getElementById("hits").textContent = text ? `${matches.length ? (match < 0 ? "" : `${match + 1} of `) : ""}${matches.length} found` : "";
}

function all(state) {
  for (const item of items.values()) if (item.box && !item.application) { if (state) open.add(item.id); else open.delete(item.id); }
  draw();
  fit();
}

let drag = null;
svg.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, from: { ...view }, moved: false };
});
svg.addEventListener("pointermove", (event) => {
  if (!drag || !event.buttons) return;
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  if (!drag.moved) svg.setPointerCapture(event.pointerId);
  drag.moved = true;
  view = { ...view, x: drag.from.x + dx, y: drag.from.y + dy };
  apply();
});
svg.addEventListener("click", (event) => {
  const moved = drag?.moved;
  drag = null;
  if (moved) return;
  const id = event.target.closest?.("[data-id]")?.dataset.id;
  if (id === undefined) { select(null); return; }
  select(id);
  if (items.get(id).box) toggle(id);
});
svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = svg.getBoundingClientRect();
  if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 200), event.clientX - box.left, event.clientY - box.top);
  else { view.x -= event.deltaX; view.y -= event.deltaY; apply(); }
}, { passive: false });
svg.addEventListener("focusin", (event) => {
  const here = event.target.getBoundingClientRect?.(), box = svg.getBoundingClientRect();
  if (!here || event.target === svg || drag) return;
  if (here.bottom > box.bottom) view.y -= here.bottom - box.bottom + 40;
  if (here.top < box.top) view.y += box.top - here.top + 40;
  if (here.right > box.right) view.x -= here.right - box.right + 40;
  if (here.left < box.left) view.x += box.left - here.left + 40;
  apply();
});
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select")) {
    if (event.target === search && event.key === "Enter") find(true);
    if (event.key === "Escape") { search.value = ""; find(false); svg.focus(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const id = document.activeElement?.dataset?.id;
  const step = 60;
  const keys = {
    "/": () => search.focus(), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(true),
    Escape: () => select(null),
    ArrowUp: () => { view.y += step; apply(); }, ArrowDown: () => { view.y -= step; apply(); },
    ArrowLeft: () => { view.x += step; apply(); }, ArrowRight: () => { view.x -= step; apply(); },
  };
  if (id !== undefined && (event.key === "Enter" || event.key === " ")) { select(id); toggle(id); }
  else if (event.target.matches("button") || !(event.key in keys)) return;
  else keys[event.key]();
  event.preventDefault();
});
search.addEventListener("input", () => { match = -1; find(false); });
heat.addEventListener("change", draw);
document.getElementById("theme").addEventListener("change", (event) => { document.documentElement.dataset.theme = event.target.value; });
const does = { open: () => all(true), close: () => all(false), in: () => zoom(1.25), out: () => zoom(0.8), fit: () => fit(true),
  turn: () => { direction = direction === "TB" ? "LR" : "TB"; draw(); fit(); }, hide: () => select(null) };
for (const [name, act] of Object.entries(does)) document.getElementById(name).addEventListener("click", act);
addEventListener("beforeprint", () => { svg.setAttribute("viewBox", `0 0 ${bounds.w} ${bounds.h}`); stage.removeAttribute("transform"); });
addEventListener("afterprint", () => { svg.removeAttribute("viewBox"); apply(); });

heat.value = data.heat ?? "";
document.getElementById("theme").value = document.documentElement.dataset.theme;
draw();
fit();
document.documentElement.dataset.ready = "yes";
