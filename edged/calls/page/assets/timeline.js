// The timeline of a call: three uPlot charts with one cursor and one zoom, the tip of a window, the player.
// Reads the element #call-data. Pointer, keyboard and screen reader reach the same windows.
"use strict";
(function () {
  const source = document.getElementById("call-data"), frame = document.getElementById("charts");
  if (!source || !frame || typeof uPlot === "undefined") return;
  const call = JSON.parse(source.textContent), tip = document.getElementById("tip");
  const audio = document.getElementById("audio"), missing = document.getElementById("audio-missing");
  const { clock, nearest, speakers, summary, table, tipParts } = edgedWindows(call);
  const PRINT_WIDTH = 660, PRINT_HEIGHT = 150, CLICK_PX = 4;

  call.duration = Math.max(call.duration, 1, ...call.end.slice(-1));
  call.middle = call.start.map((start, i) => (start + call.end[i]) / 2);
  call.rows = ["happy", "neutral"].filter(label => call.labels.includes(label))
    .concat(call.labels.filter(label => !["happy", "neutral", "uncertain"].includes(label)), "uncertain");
  call.lanes = call.parties.map(party => ({
    name: party.name, spans: party.spans, colour: party.role === "agent" ? "plain" : "accent", fill: "solid",
  }));
  call.lanes.push({ name: "Silence", spans: call.silences, colour: "muted", fill: "thin" });
  if (call.parties.every(party => party.role !== "both"))
    call.lanes.push({ name: "Overlap", spans: call.overlaps, colour: "negative", fill: "hatched" });

  // --- charts -------------------------------------------------------------------------------------------------------
  const charts = [];
  let playing = null, selected = 0;

  function axes(values, splits, isLast) {
    const stroke = () => edgedTracks.colour("muted"), grid = { stroke: () => edgedTracks.colour("line"), width: 1 };
    const font = "12px system-ui, sans-serif", ticks = { show: false };
    return [
      {
        stroke, grid, font, ticks, space: 70, size: isLast ? 28 : 4,
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600],
        values: isLast ? (u, seconds) => seconds.map(clock) : (u, seconds) => seconds.map(() => ""),
      },
      { stroke, font, ticks, grid: { show: false }, size: narrow() ? 76 : 96, gap: 6, splits, values },
    ];
  }

  function narrow() {
    return frame.clientWidth < 520;
  }

  function isPrinting() {
    return document.documentElement.hasAttribute("data-print");
  }

  function width() {
    if (isPrinting()) return PRINT_WIDTH;
    const style = getComputedStyle(frame);
    return Math.max(200, frame.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  }

  function chart(name, height, y, values, draw, isLast) {
    const place = document.getElementById("chart-" + name);
    const u = new uPlot({
      width: width(), height, legend: { show: false }, padding: [isLast ? 4 : 8, 18, isLast ? 0 : 4, 0],
      scales: { x: { time: false, range: (u, low, high) => [low, high] }, y: { range: () => y } },
      axes: axes(values[1], values[0], isLast),
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: {
        y: false, points: { show: false },
        // The zoom goes by setScale below, whatever causes it.
        sync: { key: "call", scales: ["x", null], filters: { pub: type => type.startsWith("mouse") && !/down|up/.test(type) } },
        drag: { x: true, y: false, dist: CLICK_PX },
      },
      hooks: {
        draw: [u => { draw(u, call); edgedTracks.playhead(u, playing); }],
        setCursor: [u => pointed(u)],
        setScale: [(u, key) => { if (key === "x") shareZoom(u); }],
      },
    }, [[0, ...call.middle, call.duration], [null, ...call.smooth, null]], place);
    let down = null;
    u.over.addEventListener("mousedown", event => { down = event.clientX; });
    u.over.addEventListener("click", event => {
      if (down !== null && Math.abs(event.clientX - down) < CLICK_PX)
        play(u.posToVal(event.clientX - u.over.getBoundingClientRect().left, "x"));
    });
    u.wanted = height;
    charts.push(u);
  }

  function shareZoom(of) {
    const { min, max } = of.scales.x;
    for (const u of charts)
      if (u.scales.x.min !== min || u.scales.x.max !== max) u.setScale("x", { min, max });
  }

  // Rows from top to bottom, each label in the middle of its row.
  function rows(names) {
    const n = names.length;
    return [() => names.map((_, i) => n - i - 0.5).reverse(), () => names.slice().reverse()];
  }

  chart("valence", 230, [-1, 1], [() => [-1, -0.5, 0, 0.5, 1], () => ["−1", "−0.5", "0", "0.5", "1"]],
    edgedTracks.valence, false);
  chart("emotions", 18 * call.rows.length + 8, [0, call.rows.length], rows(call.rows), edgedTracks.emotions, false);
  chart("talk", 22 * call.lanes.length + 34, [0, call.lanes.length], rows(call.lanes.map(lane => lane.name)),
    edgedTracks.talk, true);

  function redraw() {
    for (const u of charts) u.redraw(false, true);
  }

  function resize() {
    for (const u of charts) {
      u.axes[1].size = () => (narrow() ? 76 : 96);
      u.setSize({ width: width(), height: isPrinting() && u === charts[0] ? PRINT_HEIGHT : u.wanted });
    }
  }

  function zoom(factor) {
    const { min, max } = charts[0].scales.x, centre = call.middle[selected] ?? (min + max) / 2;
    const span = Math.min(call.duration, Math.max(5, (max - min) * factor));
    const low = Math.max(0, Math.min(centre - span / 2, call.duration - span));
    charts[0].setScale("x", { min: low, max: low + span });
  }

  // --- values of a window -------------------------------------------------------------------------------------------
  function showTip(i, x) {
    tip.replaceChildren(...tipParts(i));
    tip.hidden = false;
    const room = frame.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.max(8, x + 16 > room ? Math.min(x - tip.offsetWidth - 16, room) : x + 16) + "px";
    tip.style.top = "2.5rem";
  }

  function select(i) {
    selected = i;
    frame.setAttribute("aria-valuenow", i);
    frame.setAttribute("aria-valuetext", clock(call.start[i]) + ": " + summary(i) + ", " + speakers(call.middle[i]));
  }

  function pointed(u) {
    if (!u.over.matches(":hover")) return;
    const left = u.cursor.left;
    if (left === undefined || left < 0 || !call.middle.length) { tip.hidden = true; return; }
    const i = nearest(u.posToVal(left, "x"));
    select(i);
    showTip(i, left + u.over.getBoundingClientRect().left - frame.getBoundingClientRect().left);
  }

  frame.addEventListener("pointerleave", () => { tip.hidden = true; });
  frame.addEventListener("blur", () => { tip.hidden = true; });

  function step(i) {
    if (!call.middle.length) return;
    select(Math.max(0, Math.min(call.middle.length - 1, i)));
    const u = charts[0], { min, max } = u.scales.x;
    if (call.middle[selected] < min || call.middle[selected] > max) zoom(1);
    const left = u.valToPos(call.middle[selected], "x");
    u.setCursor({ left, top: 10 });
    for (const other of charts.slice(1)) other.setCursor({ left, top: 10 });
    showTip(selected, left + u.over.getBoundingClientRect().left - frame.getBoundingClientRect().left);
  }

  frame.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ArrowRight: () => step(selected + 1), ArrowUp: () => step(selected + 1),
      ArrowLeft: () => step(selected - 1), ArrowDown: () => step(selected - 1),
      PageUp: () => step(selected + 10), PageDown: () => step(selected - 10),
      Home: () => step(0), End: () => step(call.middle.length - 1),
      "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => zoom(Infinity),
      Escape: () => { tip.hidden = true; if (audio) audio.pause(); },
      Enter: () => play(call.start[selected]), " ": () => play(call.start[selected]),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // --- the recording ------------------------------------------------------------------------------------------------
  function play(second) {
    if (!audio || audio.hidden || second === undefined) return;
    const start = () => {
      audio.currentTime = Math.max(0, Math.min(second, call.duration));
      audio.play().catch(() => {});
    };
    if (audio.readyState > 0) { start(); return; }
    audio.addEventListener("loadedmetadata", start, { once: true });
    audio.load();
  }

  if (audio) {
    audio.addEventListener("timeupdate", () => { playing = audio.currentTime; redraw(); });
    audio.addEventListener("ended", () => { playing = null; redraw(); });
    const lost = function () {
      audio.hidden = true;
      missing.hidden = false;
      document.documentElement.classList.add("no-recording");
    };
    audio.addEventListener("error", lost);
    if (audio.error) lost(); // before this script ran
  }

  for (const button of document.querySelectorAll("button[data-second]"))
    button.addEventListener("click", function () {
      const second = Number(button.dataset.second), i = call.start.findIndex(start => start >= second - 0.001);
      if (i >= 0) step(i);
      frame.scrollIntoView({ block: "nearest" });
      play(second);
    });

  // --- the windows as a table, made when it is opened ----------------------------------------------------------------
  const place = document.getElementById("windows-table");
  place.parentElement.addEventListener("toggle", function () {
    if (!place.childElementCount) place.append(table());
  });

  // --- size, print, dark --------------------------------------------------------------------------------------------
  new ResizeObserver(resize).observe(frame);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  function printing(begins) {
    document.documentElement.toggleAttribute("data-print", begins);
    tip.hidden = true;
    resize();
    redraw();
  }
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));
  window.matchMedia("print").addEventListener("change", event => printing(event.matches));
})();
