"use strict";
// The page of temnet live: frames and columns come over a WebSocket, settings go back by PUT.

const CLASS_COLOURS = ["#ff9d1c", "#3fc1ff", "#ff6fb5", "#f5ec3d", "#1fd39b", "#ff5a3c", "#c3a5ff"];
const HISTORY = 600; // frames in the plots
const SAME_SITE = 0.9; // Å; columns this near are the same site
const SEND_AFTER = 250; // ms after the last movement of a slider
const $ = (id) => document.getElementById(id);

const page = {
  token: "", socket: null, wait: 500, status: null, frame: null, picture: null, arrived: 0,
  threshold: 0.5, ownThreshold: null, held: false, drawing: false, drag: null, settings: {},
  view: { x: 0, y: 0, zoom: 0 }, history: [], sites: null, paint: 0, strain: null, asking: false,
};

// ---- Connection -------------------------------------------------------------------------------

function start() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem("temnet-token", given);
    history.replaceState(null, "", location.pathname); // not to be read over a shoulder
  }
  page.token = sessionStorage.getItem("temnet-token") || "";
  $("token-dialog").addEventListener("close", () => {
    page.token = $("token").value.trim();
    sessionStorage.setItem("temnet-token", page.token);
    $("token").value = "";
    connect();
  });
  controls();
  new ResizeObserver(repaint).observe($("view"));
  setInterval(showAge, 100);
  if (page.token) connect(); else askForToken();
}

function askForToken() {
  setState("no-token", "The token is missing, or is not that of this server.");
  if (!$("token-dialog").open) $("token-dialog").showModal();
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/v1/events`);
  socket.binaryType = "arraybuffer";
  page.socket = socket;
  socket.onopen = () => { socket.send(JSON.stringify({ token: page.token })); };
  socket.onmessage = (message) => {
    if (typeof message.data === "string") takeStatus(JSON.parse(message.data).status);
    else takeFrame(message.data);
  };
  socket.onclose = (event) => {
    if (event.code === 4401) { askForToken(); return; }
    setState("disconnected", "The server does not answer; connecting again …");
    setTimeout(connect, page.wait);
    page.wait = Math.min(page.wait * 1.5, 5000);
  };
}

async function ask(method, path, values) {
  const answer = await fetch(path, {
    method, headers: { Authorization: `Bearer ${page.token}` },
    body: values === undefined ? undefined : JSON.stringify(values),
  });
  if (!answer.ok) {
    const known = await answer.json().catch(() => ({}));
    throw new Error(known.error || `The server answered ${answer.status}.`);
  }
  return answer;
}

async function change(values) {
  try {
    takeSettings(await (await ask("PUT", "/v1/settings", values)).json());
    hint("");
  } catch (error) {
    hint(error.message);
    takeSettings(page.settings);
  }
}

function setState(state, text) {
  document.body.dataset.state = state;
  $("state").textContent = text;
}

const hint = (text) => { $("hint").textContent = text; };

// ---- What comes from the server ---------------------------------------------------------------

const STATES = {
  starting: "The network starts …", ready: "ready", analysing: "ready",
  restarting: "The analysis starts again …", stopped: "The analysis is stopped.",
};

function takeStatus(status) {
  const first = page.status === null || document.body.dataset.state === "disconnected";
  page.status = status;
  page.wait = 500;
  setState(status.state, STATES[status.state] + (status.engine ? ` (${status.engine})` : ""));
  $("rate").textContent = status.frames_per_s.toFixed(1);
  $("dropped").textContent = status.dropped;
  if (first) fillNetworks();
  takeSettings(status.settings);
  takeRecording(status.recording);
  showSeries(status.series);
  $("verdict").textContent = status.latest === null ? "" : status.verdict || "not yet compared with the training images";
  showWarnings();
}

async function fillNetworks() {
  try {
    const names = (await (await ask("GET", "/v1/networks")).json()).networks;
    $("network").replaceChildren(...names.map((name) => new Option(name, name)));
    takeSettings(page.settings);
  } catch (error) { hint(error.message); }
}

function takeSettings(settings) {
  page.settings = settings;
  const set = (id, value) => { if (document.activeElement !== $(id)) $(id).value = value; };
  set("network", settings.network);
  set("invert", String(settings.invert));
  set("sampling", settings.sampling ?? "");
  if (!pending.threshold) {
    const value = settings.threshold ?? (page.frame ? page.ownThreshold ?? page.frame.threshold : 0.5);
    if (page.threshold !== value) repaint();
    page.threshold = value;
    set("threshold", value);
    $("threshold-value").textContent = value.toFixed(2);
  }
}

function takeFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const pixels = new Uint8Array(buffer, 4 + length);
  if (head.preview) { showPreview(head, pixels); return; }
  if (page.held) return;
  const old = page.frame;
  page.frame = head;
  page.arrived = performance.now() - 1000 * head.age_s;
  page.picture = pictureOf(head.picture.shape, pixels);
  if (head.settings.threshold === null) page.ownThreshold = head.threshold;
  takeSettings(page.settings);
  const same = old && old.shape.join() === head.shape.join() &&
    old.settings.network === head.settings.network &&
    old.pixel_size_angstrom.join() === head.pixel_size_angstrom.join();
  if (!same) { page.view.zoom = 0; page.sites = null; page.history = []; page.strain = null; }
  remember(head);
  askForStrain();
  $("download").disabled = false;
  $("spacing").textContent = head.spacings_angstrom.length ? head.spacings_angstrom[0].toFixed(3) : "–";
  $("about").textContent = [head.name, `frame ${head.frame}`, head.source, ""].filter((text, k) => text || k === 3).join(" · ") +
    `${head.shape.join(" × ")} pixels of ${head.pixel_size_angstrom[0].toPrecision(4)} Å · ` +
    `analysed in ${head.analysis_s.toFixed(2)} s`;
  showWarnings();
  repaint();
}

// Single images for a network of focal series: shown small, and taken one by one.
function showPreview(head, pixels) {
  const canvas = $("preview"), context = canvas.getContext("2d"), picture = pictureOf(head.picture.shape, pixels);
  const zoom = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, picture.width * zoom, picture.height * zoom);
  canvas.title = [head.name, `frame ${head.frame}`].filter(Boolean).join(" · ");
  document.body.dataset.preview = head.frame;
}

function showSeries(series) {
  $("series").hidden = !series;
  if (!series) return;
  const step = series.steps_angstrom[series.taken];
  $("series-text").textContent = `Image ${series.taken + 1} of ${series.foci}` +
    (step === undefined ? "" : `, ${step} Å from the first`);
  document.body.dataset.taken = series.taken;
}

async function series(method) {
  try { showSeries(await (await ask(method, "/v1/series")).json()); hint(""); } catch (error) { hint(error.message); }
}

function pictureOf([rows, cols], grey) {
  const canvas = document.createElement("canvas");
  canvas.width = cols;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(cols, rows);
  const words = new Uint32Array(pixels.data.buffer);
  for (let k = 0; k < words.length; k++) words[k] = 0xff000000 | (grey[k] * 0x010101);
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function showWarnings() {
  const items = [];
  for (const text of page.status?.remarks ?? []) items.push(["strong", text]);
  for (const [severity, text] of page.status?.findings ?? []) {
    items.push([severity === "note" ? "note" : "strong",
      severity === "out of distribution" ? `Out of distribution: ${text}` : text]);
  }
  const shown = JSON.stringify(items);
  if ($("warnings").dataset.shown === shown) return; // readers of the screen hear each once
  $("warnings").dataset.shown = shown;
  $("warnings").replaceChildren(...items.map(([kind, text]) => {
    const item = document.createElement("li");
    item.className = kind;
    item.textContent = text;
    return item;
  }));
}

function showAge() {
  const age = page.frame ? (performance.now() - page.arrived) / 1000 : null;
  $("age").textContent = age === null ? "–" : age < 100 ? `${age.toFixed(1)} s` : "> 100 s";
}

// ---- Columns, drift and occupancy -------------------------------------------------------------

function shownColumns(head) {
  const { score } = head.columns;
  const found = [];
  for (let k = 0; k < score.length; k++) if (score[k] >= page.threshold) found.push(k);
  return found;
}

// A grid of points, so that the nearest one is found among few.
function gridOf(points, cell) {
  const cells = new Map();
  points.forEach(([row, col], k) => {
    const key = `${Math.floor(row / cell)},${Math.floor(col / cell)}`;
    if (cells.has(key)) cells.get(key).push(k); else cells.set(key, [k]);
  });
  return (row, col) => {
    let best = -1, least = cell * cell;
    const r = Math.floor(row / cell), c = Math.floor(col / cell);
    for (let i = r - 1; i <= r + 1; i++) for (let j = c - 1; j <= c + 1; j++) {
      for (const k of cells.get(`${i},${j}`) ?? []) {
        const d = (points[k][0] - row) ** 2 + (points[k][1] - col) ** 2;
        if (d < least) { least = d; best = k; }
      }
    }
    return best;
  };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function remember(head) {
  const { row_angstrom: rows, col_angstrom: cols } = head.columns;
  const points = shownColumns(head).map((k) => [rows[k], cols[k]]);
  const last = page.history.at(-1);
  const drift = last ? [...last.drift] : [0, 0];
  if (page.sites && points.length) {
    const nearest = gridOf(page.sites.last, SAME_SITE);
    const steps = [];
    for (const point of points) {
      const k = nearest(...point);
      if (k >= 0) steps.push([point[0] - page.sites.last[k][0], point[1] - page.sites.last[k][1]]);
    }
    if (steps.length >= 5) for (const axis of [0, 1]) drift[axis] += median(steps.map((s) => s[axis]));
  }
  const at = points.map(([row, col]) => [row - drift[0], col - drift[1]]);
  const sites = page.sites ?? { places: [], last: [], frames: [] };
  const nearest = gridOf(sites.places, SAME_SITE);
  const present = new Set();
  for (const place of at) {
    const k = nearest(...place);
    present.add(k >= 0 ? k : sites.places.push(place) - 1);
  }
  sites.frames.push(present);
  while (sites.frames.length > lastFrames()) sites.frames.shift();
  sites.last = points;
  page.sites = sites;
  if (sites.places.length > 20000) page.sites = null;
  page.history.push({
    frame: head.frame,
    counts: head.counts, score: head.mean_score, drift, spacing: head.spacings_angstrom.slice(0, 2),
  });
  if (page.history.length > HISTORY) page.history.shift();
}

const lastFrames = () => Math.min(200, Math.max(1, Math.round(Number($("frames").value)) || 50));

// Strain is measured by the server, over the last frames, and asked for while its layer is on.
async function askForStrain() {
  if (!$("strain").value || !page.frame || page.asking || page.held) return;
  page.asking = true;
  const begin = performance.now();
  try {
    page.strain = await (await ask("GET", `/v1/strain?frames=${lastFrames()}`)).json();
    hint("");
    document.body.dataset.strain = page.strain.frames;
  } catch (error) {
    page.strain = null;
    hint(error.message);
  }
  repaint();
  // The analysis needs the processor more.
  setTimeout(() => { page.asking = false; }, 4 * (performance.now() - begin));
}

function occupancy() {
  const counts = new Map();
  for (const present of page.sites.frames) for (const k of present) counts.set(k, (counts.get(k) ?? 0) + 1);
  return [...counts].map(([k, count]) => [page.sites.places[k], count / page.sites.frames.length]);
}

// ---- Painting ---------------------------------------------------------------------------------

function repaint() {
  if (!page.paint) page.paint = requestAnimationFrame(() => { page.paint = 0; paint(); });
}

function fitted(canvas) {
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return context;
}

function fit() {
  const [rows, cols] = page.frame.shape, canvas = $("image");
  const zoom = Math.min(canvas.clientWidth / cols, canvas.clientHeight / rows);
  page.view = { zoom, x: (canvas.clientWidth - zoom * cols) / 2, y: (canvas.clientHeight - zoom * rows) / 2 };
}

function paint() {
  const canvas = $("image"), context = fitted(canvas), head = page.frame;
  if (!head) return;
  if (!page.view.zoom) fit();
  const { x, y, zoom } = page.view, block = head.picture.block;
  context.imageSmoothingEnabled = zoom * block < 3;
  context.drawImage(page.picture, x, y, page.picture.width * block * zoom, page.picture.height * block * zoom);
  // The centre of pixel [0, 0] lies half a pixel inside the picture.
  const place = (row, col) => [x + (col + 0.5) * zoom, y + (row + 0.5) * zoom];
  const size = Math.max(2.5, Math.min(9, 0.55 * zoom / head.pixel_size_angstrom[0]));
  if ($("strain").value && page.strain) paintStrain(context, place, size);
  else if ($("show-occupancy").checked && page.sites) paintOccupancy(context, place, size);
  const counts = head.classes.map(() => 0);
  const { row, col, class: classes, flags } = head.columns, shown = shownColumns(head);
  context.lineWidth = 1.5;
  for (const k of shown) {
    counts[classes[k]]++;
    if (!$("show-columns").checked) continue;
    const [px, py] = place(row[k], col[k]);
    context.strokeStyle = CLASS_COLOURS[classes[k] % CLASS_COLOURS.length];
    mark(context, px, py, size, classes[k]);
    if (flags[k] && $("show-flags").checked) cross(context, px, py, size);
  }
  paintRegion(context);
  paintScaleBar(context, canvas);
  showCounts(counts);
  paintPlots();
  document.body.dataset.columns = shown.length;
  document.body.dataset.frame = head.frame;
}

// Classes differ in shape, too: circle, square, triangle, diamond.
function mark(context, x, y, size, number) {
  context.beginPath();
  if (number % 4 === 0) context.arc(x, y, size, 0, 7);
  else if (number % 4 === 1) context.rect(x - 0.85 * size, y - 0.85 * size, 1.7 * size, 1.7 * size);
  else {
    const corners = number % 4 === 2 ? [[0, -1.1], [1, 0.8], [-1, 0.8]] : [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]];
    for (const [dx, dy] of corners) context.lineTo(x + dx * size, y + dy * size);
    context.closePath();
  }
  context.stroke();
}

function cross(context, x, y, size) {
  context.beginPath();
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x - size, y + size);
  context.lineTo(x + size, y - size);
  context.stroke();
}

function paintOccupancy(context, place, size) {
  const drift = page.history.at(-1).drift, [height, width] = page.frame.pixel_size_angstrom;
  context.lineWidth = 4;
  for (const [[row, col], share] of occupancy()) {
    const [px, py] = place((row + drift[0]) / height, (col + drift[1]) / width);
    context.strokeStyle = viridis(share);
    context.beginPath();
    context.arc(px, py, 1.35 * size, 0, 7);
    context.stroke();
  }
  colourBar(context, viridis, "never", "always");
}

function colourBar(context, colour, low, high) {
  const right = $("image").clientWidth - 16, bottom = $("image").clientHeight - 16;
  context.fillStyle = "#000a";
  context.fillRect(right - 152, bottom - 30, 160, 38);
  for (let k = 0; k < 144; k++) {
    context.fillStyle = colour(k / 143);
    context.fillRect(right - 144 + k, bottom - 5, 1, 5);
  }
  context.fillStyle = "#ffffff";
  context.font = "13px system-ui, sans-serif";
  context.fillText(low, right - 144, bottom - 11);
  context.fillText(high, right - context.measureText(high).width, bottom - 11);
}

// Discs from blue over grey to orange, as far as the 95th percentile of what was measured.
function paintStrain(context, place, size) {
  const name = $("strain").value, { row, col, [name]: values, errors } = page.strain;
  const last = page.history.at(-1).drift, then = page.history.find((one) => one.frame === page.strain.frame)?.drift ?? last;
  const [down, right] = [0, 1].map((axis) => (last[axis] - then[axis]) / page.frame.pixel_size_angstrom[axis]);
  const known = values.map((value, k) => [k, value]).filter(([, value]) => value !== null);
  const sorted = known.map(([, value]) => Math.abs(value)).sort((a, b) => a - b);
  const most = sorted[Math.floor(0.95 * sorted.length)] || 1;
  for (const [k, value] of known) {
    const [px, py] = place(row[k] + down, col[k] + right);
    context.fillStyle = blueOrange(0.5 + 0.5 * Math.max(-1, Math.min(1, value / most)));
    context.beginPath();
    context.arc(px, py, 1.5 * size, 0, 7);
    context.fill();
  }
  const unit = name === "rotation" ? "°" : " %", scale = name === "rotation" ? 1 : 100;
  const text = `${(scale * most).toFixed(2)}${unit}`;
  colourBar(context, blueOrange, `−${text}`, `+${text}`);
  const error = median(known.map(([k]) => errors[name][k]).filter((one) => one !== null)) ?? 0;
  context.fillText(`${known.length} columns, ± ${(scale * error).toFixed(2)}${unit}`, $("image").clientWidth - 160, $("image").clientHeight - 54);
}

// Ends and middle of a scale that every kind of colour vision can read.
const BLUE_ORANGE = [[40, 120, 255], [120, 120, 120], [255, 150, 30]];

function blueOrange(share) {
  const at = Math.min(1.999, 2 * share), k = Math.floor(at);
  return `rgb(${BLUE_ORANGE[k].map((from, c) => Math.round(from + (at - k) * (BLUE_ORANGE[k + 1][c] - from))).join()})`;
}

// Matplotlib's viridis at six places, which is safe for every kind of colour vision; its dark end is
// lighter here, to be seen on a dark ground.
const VIRIDIS = [[126, 84, 200], [90, 100, 190], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];

function viridis(share) {
  const at = Math.min(4.999, 5 * share), k = Math.floor(at);
  return `rgb(${VIRIDIS[k].map((from, c) => Math.round(from + (at - k) * (VIRIDIS[k + 1][c] - from))).join()})`;
}

function paintRegion(context) {
  const box = page.drag?.region ?? page.frame.settings.region;
  if (!box) return;
  const { x, y, zoom } = page.view, [top, bottom, left, right] = box;
  context.setLineDash([6, 4]);
  context.strokeStyle = "#ffffff";
  context.strokeRect(x + left * zoom, y + top * zoom, (right - left) * zoom, (bottom - top) * zoom);
  context.setLineDash([]);
}

function paintScaleBar(context, canvas) {
  const perAngstrom = page.view.zoom / page.frame.pixel_size_angstrom[1];
  const wish = 140 / perAngstrom, power = 10 ** Math.floor(Math.log10(wish));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= wish);
  const text = length >= 10 ? `${length / 10} nm` : `${+length.toPrecision(1)} Å`;
  const left = 16, bottom = canvas.clientHeight - 16, width = length * perAngstrom;
  context.fillStyle = "#000a";
  context.fillRect(left - 8, bottom - 30, Math.max(width, 40) + 16, 38);
  context.fillStyle = "#ffffff";
  context.fillRect(left, bottom - 5, width, 5);
  context.font = "14px system-ui, sans-serif";
  context.fillText(text, left, bottom - 11);
}

function showCounts(counts) {
  const rows = page.frame.classes.map((name, k) => {
    const row = document.createElement("tr"), sign = document.createElement("canvas");
    sign.width = sign.height = 16;
    const context = sign.getContext("2d");
    context.strokeStyle = CLASS_COLOURS[k % CLASS_COLOURS.length];
    context.lineWidth = 2;
    mark(context, 8, 8, 5, k);
    row.insertCell().append(sign);
    row.insertCell().textContent = name;
    row.insertCell().textContent = counts[k];
    return row;
  });
  $("counts").tBodies[0].replaceChildren(...rows);
  $("occupancy-frames").textContent = page.sites?.frames.length ?? 0;
}

function paintPlots() {
  const classes = page.frame.classes;
  plot("plot-counts", classes.map((_, k) => page.history.map((one) => one.counts[k])), CLASS_COLOURS, 0);
  plot("plot-score", [page.history.map((one) => one.score)], ["#d6d9dd"], 2);
  plot("plot-spacing", [0, 1].map((k) => page.history.map((one) => one.spacing[k])), ["#d6d9dd", "#3fc1ff"], 2);
  plot("plot-drift", [0, 1].map((k) => page.history.map((one) => one.drift[k])), ["#ff9d1c", "#3fc1ff"], 1);
}

function plot(id, lines, colours, digits) {
  const canvas = $(id), context = fitted(canvas), width = canvas.clientWidth, height = canvas.clientHeight;
  const values = lines.flat().filter(Number.isFinite);
  if (!values.length) return;
  let low = Math.min(...values), high = Math.max(...values);
  const least = 10 ** -digits;
  if (high - low < least) { low -= least / 2; high += least / 2; }
  const left = 44, step = (width - left - 4) / Math.max(1, page.history.length - 1);
  const y = (value) => 6 + (height - 14) * (1 - (value - low) / (high - low));
  context.fillStyle = "#9aa1aa";
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  for (const value of [low, high]) context.fillText(value.toFixed(digits), left - 6, y(value) + 4);
  lines.forEach((line, number) => {
    context.strokeStyle = colours[number % colours.length];
    context.setLineDash(number % 2 ? [5, 3] : []);
    context.beginPath();
    line.forEach((value, k) => { if (Number.isFinite(value)) context.lineTo(left + k * step, y(value)); });
    context.stroke();
  });
  context.setLineDash([]);
}

// ---- Controls ---------------------------------------------------------------------------------

const pending = {};

function later(name, action) {
  clearTimeout(pending[name]);
  pending[name] = setTimeout(() => { delete pending[name]; action(); }, SEND_AFTER);
}

function controls() {
  $("network").addEventListener("change", () => { page.ownThreshold = null; change({ network: $("network").value, threshold: null }); });
  $("threshold").addEventListener("input", () => {
    page.threshold = Number($("threshold").value);
    $("threshold-value").textContent = page.threshold.toFixed(2);
    later("threshold", () => change({ threshold: page.threshold }));
    repaint();
  });
  $("invert").addEventListener("change", () => {
    const value = $("invert").value;
    change({ invert: value === "auto" ? "auto" : value === "true" });
  });
  $("sampling").addEventListener("change", () => {
    change({ sampling: $("sampling").value === "" ? null : Number($("sampling").value) });
  });
  $("sampling-clear").addEventListener("click", () => { $("sampling").value = ""; change({ sampling: null }); });
  $("spacing-set").addEventListener("click", () => {
    const shown = page.frame?.spacings_angstrom[0], wanted = Number($("spacing-true").value);
    if (!shown || !(wanted > 0)) { hint("Give the true distance of the lattice planes that are shown."); return; }
    change({ sampling: Number((page.frame.pixel_size_angstrom[0] * wanted / shown).toPrecision(5)) });
  });
  for (const id of ["strain", "frames"]) $(id).addEventListener("change", () => { page.strain = null; page.asking = false; askForStrain(); repaint(); });
  for (const id of ["show-columns", "show-flags", "show-occupancy"]) $(id).addEventListener("change", repaint);
  $("pause").addEventListener("click", hold);
  $("region").addEventListener("click", () => drawRegion(!page.drawing));
  $("whole").addEventListener("click", () => change({ region: null }));
  $("fit").addEventListener("click", () => { page.view.zoom = 0; repaint(); });
  $("download").addEventListener("click", download);
  $("record").addEventListener("click", record);
  $("take").addEventListener("click", (event) => { if (event.detail < 2) series("POST"); }); // not twice by a double click
  $("anew").addEventListener("click", () => series("DELETE"));
  pointer($("image"));
  document.addEventListener("keydown", key);
}

function hold() {
  page.held = !page.held;
  $("pause").setAttribute("aria-pressed", page.held);
}

function drawRegion(on) {
  page.drawing = on;
  page.drag = null;
  $("region").setAttribute("aria-pressed", on);
  $("image").classList.toggle("drawing", on);
  hint(on ? "Draw a box around the region to analyse. Escape leaves it." : "");
  repaint();
}

async function download() {
  try {
    const content = await (await ask("GET", `/v1/frames/${page.frame.frame}/columns.csv`)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = `columns_${page.frame.frame}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (error) { hint(error.message); }
}

async function record() {
  try { await ask(page.status.recording?.on ? "DELETE" : "POST", "/v1/record"); } catch (error) { hint(error.message); }
}

function takeRecording(recording) {
  $("record").disabled = !recording;
  $("record").setAttribute("aria-pressed", Boolean(recording?.on));
  $("record").textContent = recording?.on ? `Recording: ${recording.frames}` : "Record";
  $("record").title = recording ? recording.words : "Start temnet live with --record FOLDER.";
}

function zoomAt(factor, px, py) {
  const view = page.view, zoom = Math.min(200, Math.max(0.05, view.zoom * factor));
  page.view = { zoom, x: px - (px - view.x) * zoom / view.zoom, y: py - (py - view.y) * zoom / view.zoom };
  repaint();
}

function pointer(canvas) {
  const pixel = (event) => [(event.offsetY - page.view.y) / page.view.zoom, (event.offsetX - page.view.x) / page.view.zoom];
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (page.frame) zoomAt(1.0015 ** -event.deltaY, event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (!page.frame) return;
    canvas.setPointerCapture(event.pointerId);
    page.drag = { from: pixel(event), x: event.offsetX, y: event.offsetY };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!page.drag) return;
    if (page.drawing) {
      const [row, col] = pixel(event), [top, left] = page.drag.from, [rows, cols] = page.frame.shape;
      const edge = (value, most) => Math.min(most, Math.max(0, Math.round(value)));
      page.drag.region = [edge(Math.min(row, top), rows), edge(Math.max(row, top), rows),
        edge(Math.min(col, left), cols), edge(Math.max(col, left), cols)];
    } else {
      page.view.x += event.offsetX - page.drag.x;
      page.view.y += event.offsetY - page.drag.y;
      Object.assign(page.drag, { x: event.offsetX, y: event.offsetY });
    }
    repaint();
  });
  canvas.addEventListener("pointerup", () => {
    const region = page.drag?.region;
    page.drag = null;
    if (page.drawing && region) { drawRegion(false); change({ region }); }
  });
}

function key(event) {
  if (event.target.closest("input, select, dialog") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button")) return;
  const canvas = $("image"), middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  const move = (dx, dy) => { page.view.x += dx; page.view.y += dy; repaint(); };
  const actions = {
    "+": () => zoomAt(1.25, ...middle), "=": () => zoomAt(1.25, ...middle), "-": () => zoomAt(0.8, ...middle),
    0: () => { page.view.zoom = 0; repaint(); }, ArrowLeft: () => move(40, 0), ArrowRight: () => move(-40, 0),
    ArrowUp: () => move(0, 40), ArrowDown: () => move(0, -40), " ": hold,
    f: () => { if (!$("series").hidden) series("POST"); }, r: () => drawRegion(!page.drawing), a: () => change({ region: null }), Escape: () => drawRegion(false),
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (event.repeat && event.key === "Enter") event.preventDefault(); // which would press a button again and again
  if (!action || !(page.frame || event.key.toLowerCase() === "f")) return;
  event.preventDefault();
  if (!event.repeat || /^(Arrow|[-+=]$)/.test(event.key)) action(); // a key that is held moves and zooms on
}

start();
