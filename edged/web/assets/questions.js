// What a call asks: which channel, which voice, or which name in a file of turns is the customer's.
"use strict";
var edgedQuestions = function (ask, refresh) {
  const { button, clock, complain, make, opensByEnter, say, sentenceOf } = edgedEntries;
  const MAX_TURNS = 1e6; // bytes

  function channelCard(call, channel) {
    const card = make("div", null, "channel-card"), words = channel === "left" ? "Left channel" : "Right channel";
    card.append(make("h3", words));
    if (call.silent.includes(channel)) card.append(make("p", "No sound in the first minutes.", "hint"));
    const player = document.createElement("audio");
    player.controls = true;
    player.preload = "none";
    player.src = "/calls/" + call.id + "/preview/" + channel;
    player.setAttribute("aria-label", "Excerpt of the " + words.toLowerCase() + " of " + call.name);
    player.addEventListener("error", refresh); // it is gone with the question, or with the program
    card.append(player, button("This is the customer", words + " of " + call.name, () => choose(call, channel)));
    return card;
  }

  function choose(call, customer) {
    say("Chosen: " + customer);
    ask(call, "/customer", "POST", { customer });
  }

  // --- the voices of a mono call ---------------------------------------------------------------------------------
  function voiceCard(call, voice) {
    const card = make("div", null, "channel-card"), words = "Voice " + voice.number, player = make("audio");
    card.append(make("h3", words));
    card.append(make("p", "Speaks first at " + clock(voice.first_s) + ", turns of "
      + Math.round(voice.speech_s) + " s in all.", "hint"));
    player.controls = true;
    player.preload = "none";
    player.src = "/calls/" + call.id + "/preview/voice-" + voice.number;
    player.setAttribute("aria-label", "Excerpt of " + words.toLowerCase() + " of " + call.name);
    player.addEventListener("error", refresh); // as above
    card.append(player, button("This is the customer", words + " of " + call.name, () => chooseVoice(call, voice.number)));
    return card;
  }

  function chooseVoice(call, voice) {
    say(voice === null ? "Without a score" : "Chosen: voice " + voice);
    ask(call, "/voice", "POST", { voice });
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
      let content;
      try { content = await file.arrayBuffer(); } catch {
        complain(call, "The file of turns cannot be read. If it was moved or changed, choose it again.");
        return;
      }
      try {
        const reply = await fetch("/calls/" + call.id + "/turns", { method: "POST", body: content });
        if (!reply.ok) { complain(call, sentenceOf(await reply.text())); return; }
        say("Turns read: " + file.name);
      } catch { complain(call, "edged web does not answer."); }
      refresh();
    });
    opensByEnter(picker);
    label.append(picker);
    return label;
  }

  function speakers(call) {
    const made = make("fieldset", null, "channels"), choices = make("div", null, "call-actions");
    made.append(make("legend", "Which speaker is the customer?"));
    choices.append(...call.speakers.map(speaker => button(speaker, "the customer of " + call.name, function () {
      say("Chosen: " + speaker);
      ask(call, "/speaker", "POST", { speaker });
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

  return { channel: channels, voice: voices, speaker: speakers };
};
