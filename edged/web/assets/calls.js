// The page Calls: sends recordings one after the other, and keeps the list of calls as the program has it.
// An entry keeps its element while its state changes, so that neither the focus nor a player is lost.
"use strict";
(function () {
  const form = document.getElementById("upload"), drop = document.getElementById("drop");
  const input = document.getElementById("file"), keep = document.getElementById("keep");
  const list = document.getElementById("calls"), title = document.getElementById("list-title");
  const spoken = document.getElementById("say");
  const MAX_BYTES = Number(form.dataset.maxBytes), MAX_TURNS = 1e6, BUSY_MS = 400, IDLE_MS = 3000;
  const OUTCOMES = {
    calmed: ["▲", "Calmed", "positive"], unchanged: ["▬", "Unchanged", "plain"],
    escalated: ["▼", "Escalated", "negative"], nothing_to_calm: ["●", "Nothing to calm", "plain"],
    no_score: ["○", "No score", "plain"],
  };
  const entries = new Map(); // id -> {element, key}
  const uploads = []; // waiting, and the one that is being sent
  let sending = null, number = 0, timer = null;

  function make(name, words, className) {
    const made = document.createElement(name);
    if (words !== undefined && words !== null) made.textContent = words;
    if (className) made.className = className;
    return made;
  }

  function button(words, of, action, className) {
    const made = make("button", words, className);
    made.type = "button";
    made.setAttribute("aria-label", words + ": " + of);
    made.addEventListener("click", action);
    return made;
  }

  function say(words) {
    spoken.textContent = words;
  }

  function clock(second) {
    const whole = Math.floor(second), pad = value => String(value).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? hours + ":" + pad(minutes) + ":" + pad(whole % 60) : minutes + ":" + pad(whole % 60);
  }

  const percent = share => Math.floor(100 * share) + "\u00a0%";

  // --- an entry -----------------------------------------------------------------------------------------------------
  // `key` is what its parts are made of: they are made again only when it changes; progress is set in place.
  function entry(id) {
    let one = entries.get(id);
    if (!one) {
      one = { element: make("li", null, "call"), key: null };
      entries.set(id, one);
      list.prepend(one.element);
    }
    title.hidden = false;
    return one;
  }

  function forget(id) {
    const one = entries.get(id);
    if (!one) return;
    const hadFocus = one.element.contains(document.activeElement);
    one.element.remove();
    entries.delete(id);
    title.hidden = entries.size === 0;
    if (hadFocus) input.focus();
  }

  function show(id, key, name, detail, parts) {
    const one = entry(id);
    if (one.key === key) return one.element;
    const hadFocus = one.element.contains(document.activeElement);
    one.key = key;
    const heading = make("h3", null, "call-name"), text = document.createElement("bdi");
    text.textContent = name;
    heading.append(text);
    const title = make("div", null, "call-title"), head = make("div", null, "call-head");
    title.append(heading);
    if (detail) title.append(make("span", detail, "call-length"));
    head.append(title, ...(parts.head || []));
    const actions = make("div", null, "call-actions");
    actions.append(...parts.actions);
    head.append(actions);
    one.element.replaceChildren(head, ...(parts.below || []));
    if (hadFocus) (one.element.querySelector("a, button") || input).focus();
    return one.element;
  }

  function bar(label) {
    const made = document.createElement("progress");
    made.max = 1;
    made.setAttribute("aria-label", label);
    return made;
  }

  function setBar(element, share, words) {
    const made = element.querySelector("progress"), state = element.querySelector(".call-state");
    if (share === null) made.removeAttribute("value"); else made.value = share;
    state.textContent = words;
  }

  // --- uploads: one at a time, each can be cancelled ----------------------------------------------------------------
  function add(files) {
    for (const file of files) {
      const upload = { id: "upload-" + ++number, file, keep: keep.checked };
      if (file.size > MAX_BYTES)
        failed(upload, "The file is larger than " + Math.round(MAX_BYTES / 1e6) + " MB.");
      else if (file.size === 0) failed(upload, "The file is empty.");
      else {
        uploads.push(upload);
        showUpload(upload, null);
      }
    }
    send();
  }

  function showUpload(upload, share) {
    const element = show(upload.id, "upload", upload.file.name, null, {
      actions: [button("Cancel", upload.file.name, () => cancel(upload))],
      below: [make("p", "", "call-state"), bar("Upload of " + upload.file.name)],
    });
    setBar(element, share === null ? 0 : share, share === null ? "Waiting to upload" : "Uploading, " + percent(share));
  }

  function cancel(upload) {
    const at = uploads.indexOf(upload);
    if (at >= 0) uploads.splice(at, 1);
    if (sending && sending.upload === upload) sending.request.abort();
    forget(upload.id);
    say("Cancelled: " + upload.file.name);
  }

  function failed(upload, sentence) {
    show(upload.id, "failed", upload.file.name, null, {
      actions: [button("Remove", upload.file.name, () => forget(upload.id))],
      below: [make("p", sentence, "call-state fault")],
    });
    say(upload.file.name + ": " + sentence);
  }

  function send() {
    if (sending || !uploads.length) return;
    const upload = uploads.shift(), request = new XMLHttpRequest(), body = new FormData();
    sending = { upload, request };
    body.append("keep", upload.keep ? "yes" : "no");
    body.append("recording", upload.file, upload.file.name);
    const ended = function () { sending = null; send(); };
    request.upload.addEventListener("progress", event => showUpload(upload, event.loaded / event.total));
    request.addEventListener("load", function () {
      if (request.status === 201) {
        const id = JSON.parse(request.responseText).id, one = entries.get(upload.id);
        if (one) { // the same element becomes the call
          entries.delete(upload.id);
          entries.set(id, one);
        }
        refresh();
      } else failed(upload, sentenceOf(request.responseText));
      ended();
    });
    request.addEventListener("error", function () {
      failed(upload, "The upload was interrupted. Is edged web still running? Try again.");
      ended();
    });
    request.addEventListener("abort", ended);
    request.open("POST", "/calls/upload");
    request.send(body);
    showUpload(upload, 0);
  }

  function sentenceOf(text) {
    try { return JSON.parse(text).error || "The program refused it."; } catch { return "The program refused it."; }
  }

  // --- calls --------------------------------------------------------------------------------------------------------
  async function ask(path, method, value) {
    try {
      const reply = await fetch(path, { method, body: value === undefined ? undefined : JSON.stringify(value) });
      if (!reply.ok) say(sentenceOf(await reply.text()));
    } catch { say("edged web does not answer."); }
    refresh();
  }

  function removal(call, words) {
    return button(words, call.name, function () {
      forget(call.id);
      say((words === "Cancel" ? "Cancelled: " : "Removed: ") + call.name);
      ask("/calls/" + call.id, "DELETE");
    });
  }

  function channelCard(call, channel) {
    const card = make("div", null, "channel-card"), words = channel === "left" ? "Left channel" : "Right channel";
    card.append(make("h3", words));
    if (call.silent.includes(channel)) card.append(make("p", "No sound in the first minutes.", "hint"));
    const player = document.createElement("audio");
    player.controls = true;
    player.preload = "none";
    player.src = "/calls/" + call.id + "/preview/" + channel;
    player.setAttribute("aria-label", "Excerpt of the " + words.toLowerCase() + " of " + call.name);
    card.append(player, button("This is the customer", words + " of " + call.name, () => choose(call, channel)));
    return card;
  }

  function choose(call, customer) {
    say("Chosen: " + customer);
    ask("/calls/" + call.id + "/customer", "POST", { customer });
  }

  // --- the voices of a mono call ---------------------------------------------------------------------------------
  function voiceCard(call, voice) {
    const card = make("div", null, "channel-card"), words = "Voice " + voice.number, player = make("audio");
    card.append(make("h3", words));
    card.append(make("p", "Speaks first at " + clock(voice.first_s) + ", " + Math.round(voice.speech_s) + " s in all.",
      "hint"));
    player.controls = true;
    player.preload = "none";
    player.src = "/calls/" + call.id + "/preview/voice-" + voice.number;
    player.setAttribute("aria-label", "Excerpt of " + words.toLowerCase() + " of " + call.name);
    card.append(player, button("This is the customer", words + " of " + call.name, () => chooseVoice(call, voice.number)));
    return card;
  }

  function chooseVoice(call, voice) {
    say(voice === null ? "Without a score" : "Chosen: voice " + voice);
    ask("/calls/" + call.id + "/voice", "POST", { voice });
  }

  function voices(call) {
    const made = make("fieldset", null, "channels"), cards = make("div", null, "channel-cards");
    if (call.voices.length) {
      made.append(make("legend", "Two speakers share one channel. Which one is the customer?"));
      cards.append(...call.voices.map(voice => voiceCard(call, voice)));
      made.append(cards, make("p", "The speakers are separated by the sound of their voices, which is sometimes wrong: a"
        + " single person is split in two as well.", "hint"));
    } else made.append(make("legend", "One channel, in which two speakers cannot be separated."));
    const choices = make("div", null, "call-actions");
    choices.append(turnsPicker(call), button("Report without a score", call.name, () => chooseVoice(call, null)));
    made.append(choices);
    return made;
  }

  function turnsPicker(call) {
    const label = make("label", "Use a file of turns", "button pick"), picker = make("input");
    picker.type = "file";
    picker.accept = ".rttm,.csv,text/csv,text/plain";
    picker.className = "file";
    picker.setAttribute("aria-label", "Use a file of turns (RTTM or CSV): " + call.name);
    picker.addEventListener("change", async function () {
      const file = picker.files[0];
      picker.value = "";
      if (!file) return;
      if (file.size > MAX_TURNS) { complain(call, "The file of turns is larger than 1 MB."); return; }
      try {
        const reply = await fetch("/calls/" + call.id + "/turns", { method: "POST", body: await file.arrayBuffer() });
        if (!reply.ok) { complain(call, sentenceOf(await reply.text())); return; }
        say("Turns read: " + file.name);
      } catch { complain(call, "edged web does not answer."); return; }
      refresh();
    });
    label.append(picker);
    return label;
  }

  function complain(call, sentence) {
    const element = entries.get(call.id)?.element;
    say(call.name + ": " + sentence);
    if (!element) return;
    let words = element.querySelector(".fault");
    if (!words) element.append(words = make("p", null, "call-state fault"));
    words.textContent = sentence;
  }

  function speakers(call) {
    const made = make("fieldset", null, "channels"), choices = make("div", null, "call-actions");
    made.append(make("legend", "Which speaker is the customer?"));
    choices.append(...call.speakers.map(speaker => button(speaker, "the customer of " + call.name, function () {
      say("Chosen: " + speaker);
      ask("/calls/" + call.id + "/speaker", "POST", { speaker });
    })), turnsPicker(call), button("Report without a score", call.name, () => chooseVoice(call, null)));
    made.append(choices);
    return made;
  }

  function channels(call) {
    const made = make("fieldset", null, "channels"), cards = make("div", null, "channel-cards");
    made.append(make("legend", "Which channel is the customer's?"));
    cards.append(channelCard(call, "left"), channelCard(call, "right"));
    made.append(cards, button("Both channels hold both voices", call.name, () => choose(call, "mono")));
    return made;
  }

  function showCall(call) {
    const detail = call.duration_s ? clock(call.duration_s) : null, cancelling = removal(call, "Cancel");
    const before = entries.get(call.id)?.key;
    if (call.state === "checking")
      show(call.id, call.state, call.name, detail,
        { actions: [cancelling], below: [make("p", "Checking the recording", "call-state")] });
    else if (call.state === "choose")
      show(call.id, call.state + call.question + call.speakers.join("\n"), call.name, detail,
        { actions: [cancelling], below: [{ channel: channels, voice: voices, speaker: speakers }[call.question](call)] });
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
    if (before && before !== entries.get(call.id).key) announce(call);
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
    show(call.id, call.state, call.name, clock(call.result.duration_s),
      { head, actions: [open, save, removal(call, "Remove")], below: [make("p", note, "call-state")] });
  }

  function announce(call) {
    const words = {
      choose: call.question === "channel" ? "choose the customer's channel" : "say who the customer is", done: "the report is ready", failed: call.sentence || "failed",
    }[call.state];
    if (words) say(call.name + ": " + words);
  }

  async function refresh() {
    clearTimeout(timer);
    let busy = false;
    try {
      const calls = (await (await fetch("/calls/state")).json()).calls;
      const known = new Set(calls.map(call => call.id));
      for (const id of [...entries.keys()]) if (!id.startsWith("upload-") && !known.has(id)) forget(id);
      for (const call of calls.reverse()) showCall(call);
      busy = calls.some(call => ["checking", "splitting", "queued", "running"].includes(call.state));
    } catch { busy = false; }
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
    add([...event.dataTransfer.files]);
  });
  input.addEventListener("change", function () { add([...input.files]); input.value = ""; });
  input.addEventListener("keydown", function (event) { // it looks like a button; browsers open it by Space alone
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });
  form.addEventListener("submit", event => event.preventDefault());
  refresh();
})();
