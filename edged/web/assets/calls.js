// The page Calls: keeps the list of calls as the program has it, and takes what is dropped or chosen.
"use strict";
(function () {
  const { bar, button, clock, complain, forget, ids, key, make, opensByEnter, percent, say,
    sentenceOf, setBar, show } = edgedEntries;
  const drop = document.getElementById("drop"), input = document.getElementById("file");
  const BUSY_MS = 400, IDLE_MS = 3000;
  const OUTCOMES = {
    calmed: ["▲", "Calmed", "positive"], unchanged: ["▬", "Unchanged", "plain"],
    escalated: ["▼", "Escalated", "negative"], nothing_to_calm: ["●", "Nothing to calm", "plain"],
    no_score: ["○", "No score", "plain"],
  };
  const questions = edgedQuestions(ask, refresh), uploads = edgedUploads(refresh);
  let timer = null;

  // --- calls --------------------------------------------------------------------------------------------------------
  async function ask(call, path, method, value) {
    try {
      const body = value === undefined ? undefined : JSON.stringify(value);
      const reply = await fetch("/calls/" + call.id + path, { method, body });
      if (!reply.ok) complain(call, sentenceOf(await reply.text()));
    } catch { complain(call, "edged web does not answer."); }
    refresh();
  }

  function removal(call, words) {
    return button(words, call.name, function () {
      forget(call.id);
      say((words === "Cancel" ? "Cancelled: " : "Removed: ") + call.name);
      ask(call, "", "DELETE");
    });
  }

  function showCall(call) {
    const detail = call.duration_s ? clock(call.duration_s) : null, cancelling = removal(call, "Cancel");
    const before = key(call.id);
    if (call.state === "checking")
      show(call.id, call.state, call.name, detail,
        { actions: [cancelling], below: [make("p", "Checking the recording", "call-state")] });
    else if (call.state === "choose")
      show(call.id, call.state + call.question + call.speakers.join("\n"), call.name, detail,
        { actions: [cancelling], below: [questions[call.question](call)] });
    else if (call.state === "splitting") {
      const element = show(call.id, call.state, call.name, detail, {
        actions: [cancelling], below: [make("p", "", "call-state"), bar("Separating the speakers of " + call.name)],
      });
      if (call.progress !== null) setBar(element, call.progress, "Separating the two speakers, " + percent(call.progress));
      else setBar(element, null, "Separating the two speakers");
    } else if (call.state === "queued" || call.state === "running") {
      const element = show(call.id, "working", call.name, detail, {
        actions: [cancelling], below: [make("p", "", "call-state"), bar("Analysis of " + call.name)],
      });
      if (call.state === "queued") setBar(element, 0, call.ahead ? "Waiting, " + call.ahead + " ahead" : "Waiting");
      else if (call.progress !== null) setBar(element, call.progress, "Analysing, " + percent(call.progress));
      else setBar(element, null, call.done_s === null ? "Analysing" : "Analysing, " + clock(call.done_s) + " done");
    } else if (call.state === "failed")
      show(call.id, call.state, call.name, detail,
        { actions: [removal(call, "Remove")], below: [make("p", call.sentence, "call-state fault")] });
    else showDone(call);
    if (before && before !== key(call.id)) announce(call);
  }

  function showDone(call) {
    const [shape, words, tone] = OUTCOMES[call.result.outcome], badge = make("span", null, "badge " + tone);
    const mark = make("span", shape);
    mark.setAttribute("aria-hidden", "true");
    badge.append(mark, " " + words);
    const head = [badge];
    if (call.result.score !== null) {
      const score = make("span", call.result.score.toFixed(1), "call-score");
      score.append(make("small", " of 10, " + call.result.low.toFixed(1) + " to " + call.result.high.toFixed(1)));
      head.push(score);
    }
    const open = make("a", "Open report", "button first"), save = make("a", "Download", "button");
    open.href = "/calls/" + call.id + "/report";
    open.setAttribute("aria-label", "Open report: " + call.name);
    save.href = "/calls/" + call.id + "/all.zip";
    save.setAttribute("aria-label", "Download: " + call.name);
    save.download = "";
    const note = call.kept ? "The recording is kept until you remove the call or edged web ends."
      : "The recording is deleted. The report stays until you remove it or edged web ends.";
    const below = [make("p", note, "call-state")];
    if (call.result.reason) below.unshift(make("p", "Why no score: " + call.result.reason, "call-state"));
    show(call.id, call.state, call.name, clock(call.result.duration_s),
      { head, actions: [open, save, removal(call, "Remove")], below });
  }

  function announce(call) {
    const words = {
      choose: call.question === "channel" ? "choose the customer's channel" : "say who the customer is",
      done: "the report is ready", failed: call.sentence || "failed",
    }[call.state];
    if (words) say(call.name + ": " + words);
  }

  async function refresh() {
    clearTimeout(timer);
    const calls = await edgedProgram.calls();
    if (calls) {
      const known = new Set(calls.map(call => call.id));
      for (const id of ids()) if (!id.startsWith("upload-") && !known.has(id)) forget(id);
      for (const call of calls.reverse()) showCall(call);
    }
    const busy = calls?.some(call => ["checking", "splitting", "queued", "running"].includes(call.state));
    clearTimeout(timer);
    timer = setTimeout(refresh, busy ? BUSY_MS : IDLE_MS);
  }

  // --- dragging and choosing ----------------------------------------------------------------------------------------
  let depth = 0;
  window.addEventListener("dragenter", event => { event.preventDefault(); depth++; drop.classList.add("over"); });
  window.addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; drop.classList.remove("over"); } });
  window.addEventListener("dragover", event => event.preventDefault());
  window.addEventListener("drop", function (event) {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    const dropped = [...event.dataTransfer.items].filter(item => item.kind === "file")
      .map(item => ({ file: item.getAsFile(), isFolder: item.webkitGetAsEntry()?.isDirectory }));
    for (const { file } of dropped.filter(one => one.isFolder)) uploads.refuseFolder(file);
    uploads.add(dropped.filter(one => !one.isFolder).map(one => one.file));
  });
  input.addEventListener("change", function () { uploads.add([...input.files]); input.value = ""; });
  opensByEnter(input);
  document.getElementById("upload").addEventListener("submit", event => event.preventDefault());
  refresh();
})();
