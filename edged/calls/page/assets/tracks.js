// Draws the three tracks of a call on uPlot's canvases: valence, emotions, who speaks. No state, no events.
// Shapes carry what colours carry: positive is filled and above the line, negative is hatched and below it; each
// emotion and each party has a row of its own.
"use strict";
var edgedTracks = (function () {
  const VALENCE = { happy: "positive", angry: "negative", fear: "negative", disgust: "negative", sad: "negative" };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function ratio() {
    return window.devicePixelRatio || 1;
  }

  function hatch(context, stroke, slope) {
    const size = 6 * ratio(), tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = stroke;
    pen.lineWidth = 1.4 * ratio();
    pen.beginPath();
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift, slope > 0 ? size : 0);
      pen.lineTo(shift + size, slope > 0 ? 0 : size);
    }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  // Runs of neighbouring windows that have a smoothed valence: without speech there is a gap, not a line.
  function runs(call) {
    const found = [];
    let run = null;
    call.smooth.forEach(function (value, i) {
      if (value === null) { run = null; return; }
      if (run === null) { run = []; found.push(run); }
      run.push(i);
    });
    return found;
  }

  function path(context, points) {
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  }

  function clipped(u, paint) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    paint(ctx, bbox);
    ctx.restore();
  }

  function half(ctx, bbox, zero, above, paint) {
    ctx.save();
    ctx.beginPath();
    if (above) ctx.rect(bbox.left, bbox.top, bbox.width, zero - bbox.top);
    else ctx.rect(bbox.left, zero, bbox.width, bbox.top + bbox.height - zero);
    ctx.clip();
    paint();
    ctx.restore();
  }

  function valence(u, call) {
    clipped(u, function (ctx, bbox) {
      const x = i => u.valToPos(call.middle[i], "x", true), y = value => u.valToPos(value, "y", true), zero = y(0);
      for (const run of runs(call)) {
        // A single window has no length: it gets that of a stride.
        const places = run.length > 1 ? run.map(i => [x(i), i]) : [
          [u.valToPos(call.middle[run[0]] - call.stride / 2, "x", true), run[0]],
          [u.valToPos(call.middle[run[0]] + call.stride / 2, "x", true), run[0]],
        ];
        const line = places.map(([at, i]) => [at, y(call.smooth[i])]);
        const banded = places.filter(([, i]) => call.low[i] !== null && call.high[i] !== null);
        ctx.fillStyle = colour("band");
        ctx.beginPath();
        path(ctx, banded.map(([at, i]) => [at, y(call.high[i])])
          .concat(banded.map(([at, i]) => [at, y(call.low[i])]).reverse()));
        ctx.fill();
        const area = function (fill) {
          ctx.beginPath();
          path(ctx, [[line[0][0], zero], ...line, [line[line.length - 1][0], zero]]);
          ctx.closePath();
          ctx.fillStyle = fill;
          ctx.fill();
        };
        const stroke = function (name) {
          ctx.beginPath();
          path(ctx, line);
          ctx.strokeStyle = colour(name);
          ctx.lineWidth = 2.5 * ratio();
          ctx.lineJoin = "round";
          ctx.stroke();
        };
        half(ctx, bbox, zero, true, function () { area(colour("positive-fill")); stroke("positive"); });
        half(ctx, bbox, zero, false, function () {
          area(hatch(ctx, colour("negative"), 1));
          stroke("negative");
        });
      }
      ctx.fillStyle = colour("text");
      ctx.fillRect(bbox.left, Math.round(zero) - ratio() / 2, bbox.width, ratio());
      ctx.font = "600 " + 11 * ratio() + "px system-ui, sans-serif";
      ctx.textAlign = "left";
      const inset = 6 * ratio();
      caption(ctx, "▲ positive", "positive", bbox.left + inset, bbox.top + inset + 9 * ratio());
      caption(ctx, "▼ negative", "negative", bbox.left + inset, bbox.top + bbox.height - inset);
    });
  }

  function caption(ctx, words, name, x, y) {
    ctx.lineWidth = 4 * ratio();
    ctx.lineJoin = "round";
    ctx.strokeStyle = colour("surface");
    ctx.strokeText(words, x, y);
    ctx.fillStyle = colour(name);
    ctx.fillText(words, x, y);
  }

  function row(u, index, n) {
    const height = u.bbox.height / n;
    return [u.bbox.top + index * height + height * 0.16, height * 0.68];
  }

  function stripes(u, n) {
    clipped(u, function (ctx, bbox) {
      ctx.fillStyle = colour("track");
      for (let i = 0; i < n; i++) {
        const [top, height] = row(u, i, n);
        ctx.fillRect(bbox.left, top + height / 2 - ratio() / 2, bbox.width, ratio());
      }
    });
  }

  function emotions(u, call) {
    stripes(u, call.rows.length);
    clipped(u, function (ctx) {
      call.label.forEach(function (label, i) {
        const index = call.rows.indexOf(label);
        if (index < 0) return;
        const [top, height] = row(u, index, call.rows.length);
        const left = u.valToPos(call.middle[i] - call.stride / 2, "x", true);
        const right = u.valToPos(call.middle[i] + call.stride / 2, "x", true);
        ctx.globalAlpha = 0.4 + 0.6 * (call.confidence[i] || 0);
        ctx.fillStyle = colour(VALENCE[label] || "plain");
        ctx.fillRect(left, top, Math.max(right - left, ratio()), height);
      });
    });
  }

  function talk(u, call) {
    stripes(u, call.lanes.length);
    clipped(u, function (ctx) {
      call.lanes.forEach(function (lane, index) {
        const [top, height] = row(u, index, call.lanes.length);
        for (const [start, end] of lane.spans) {
          const left = u.valToPos(start, "x", true), width = Math.max(u.valToPos(end, "x", true) - left, ratio());
          ctx.fillStyle = colour(lane.colour);
          if (lane.fill === "solid") ctx.fillRect(left, top, width, height);
          if (lane.fill === "thin") ctx.fillRect(left, top + height * 0.35, width, height * 0.3);
          if (lane.fill === "hatched") {
            ctx.fillStyle = hatch(ctx, colour(lane.colour), -1);
            ctx.fillRect(left, top, width, height);
            ctx.strokeStyle = colour(lane.colour);
            ctx.lineWidth = ratio();
            ctx.strokeRect(left, top, width, height);
          }
        }
      });
    });
  }

  function playhead(u, second) {
    if (second === null) return;
    clipped(u, function (ctx, bbox) {
      ctx.fillStyle = colour("accent");
      ctx.fillRect(u.valToPos(second, "x", true) - ratio(), bbox.top, 2 * ratio(), bbox.height);
    });
  }

  return { colour, valence, emotions, talk, playhead };
})();
