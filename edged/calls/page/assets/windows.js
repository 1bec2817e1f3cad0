// The windows of a call in words: the values of one, and all of them as a table. No charts, no events.
"use strict";
var edgedWindows = function (call) {
  function clock(second) {
    const whole = Math.max(0, Math.floor(second)), pad = value => String(value).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? hours + ":" + pad(minutes) + ":" + pad(whole % 60) : minutes + ":" + pad(whole % 60);
  }

  function nearest(second) {
    let best = -1;
    call.middle.forEach((middle, i) => {
      if (best < 0 || Math.abs(middle - second) < Math.abs(call.middle[best] - second)) best = i;
    });
    return best;
  }

  const share = value => Math.round(100 * value) + "\u00a0%";
  const signed = value => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

  function speakers(second) {
    const who = call.parties.filter(party => party.spans.some(([start, end]) => start <= second && second < end));
    return who.length ? who.map(party => party.name).join(" and ") + (who.length > 1 ? " speak" : " speaks")
      : "nobody speaks";
  }

  function summary(i) {
    if (call.confidence[i] === null) return "no customer speech";
    const parts = [call.label[i] + ", confidence " + share(call.confidence[i])];
    if (call.smooth[i] !== null) parts.push("valence " + signed(call.smooth[i]) + " smoothed");
    if (call.distress[i] !== null) parts.push("distress " + share(call.distress[i]));
    if (call.part[i] === "opening") parts.push("part of the opening");
    if (call.contribution[i]) parts.push(signed(call.contribution[i]) + " points");
    return parts.join(", ");
  }

  function element(name, words, className) {
    const made = document.createElement(name);
    if (words !== null) made.textContent = words;
    if (className) made.className = className;
    return made;
  }

  // What the tip holds: time, summary, speakers, a meter for each label.
  function tipParts(i) {
    const parts = [
      element("strong", clock(call.start[i]) + "–" + clock(call.end[i])), element("span", summary(i)),
      element("div", speakers(call.middle[i]))];
    if (call.confidence[i] === null) return parts;
    const list = element("dl", null);
    const ranked = call.labels.filter(label => call.scores[label] && call.scores[label][i] !== null)
      .sort((a, b) => call.scores[b][i] - call.scores[a][i]);
    for (const label of ranked) {
      const meter = element("dd", null, "meter"), bar = document.createElement("i");
      bar.style.width = 100 * call.scores[label][i] + "%";
      meter.append(bar);
      list.append(element("dt", label), meter, element("dd", share(call.scores[label][i]), "figure"));
    }
    return [...parts, list];
  }

  function table() {
    const made = element("table", null), head = element("tr", null), body = element("tbody", null);
    for (const name of ["time", "label", "confidence", "valence, smoothed", "distress", "points"]) {
      const cell = element("th", name);
      cell.scope = "col";
      head.append(cell);
    }
    const shown = (value, write) => (value === null ? "–" : write(value));
    call.start.forEach(function (start, i) {
      const line = element("tr", null), time = element("th", clock(start) + "–" + clock(call.end[i]));
      time.scope = "row";
      line.append(time, element("td", call.label[i]), element("td", shown(call.confidence[i], share)),
        element("td", shown(call.smooth[i], signed)), element("td", shown(call.distress[i], share)),
        element("td", shown(call.contribution[i], signed)));
      body.append(line);
    });
    const top = document.createElement("thead");
    top.append(head);
    made.append(top, body);
    return made;
  }

  return { clock, nearest, speakers, summary, tipParts, table };
};
