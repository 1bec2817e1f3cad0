// The list of calls: an entry keeps its element while its state changes, so that neither the focus nor a player is lost.
"use strict";
var edgedEntries = (function () {
  const input = document.getElementById("file"), list = document.getElementById("calls");
  const title = document.getElementById("list-title"), spoken = document.getElementById("say");
  const entries = new Map(); // id -> {element, key}

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

  // The same element becomes another entry: an upload becomes a call.
  function rename(from, to) {
    const one = entries.get(from);
    if (!one) return;
    entries.delete(from);
    entries.set(to, one);
  }

  // `key` is what the parts are made of: they are made again only when it changes; progress is set in place.
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

  // A file input that looks like a button; browsers open its dialog by Space alone.
  function opensByEnter(picker) {
    picker.addEventListener("keydown", function (event) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      picker.click();
    });
  }

  // What went wrong with a call whose state stays as it is.
  function complain(call, sentence) {
    const element = entries.get(call.id)?.element;
    say(call.name + ": " + sentence);
    if (!element) return;
    let words = element.querySelector(".fault");
    if (!words) element.append(words = make("p", null, "call-state fault"));
    words.textContent = sentence;
  }

  function sentenceOf(text) {
    try { return JSON.parse(text).error || "The request was refused."; } catch { return "The request was refused."; }
  }

  return {
    make, button, say, clock, percent, forget, rename, show, bar, setBar, opensByEnter, complain, sentenceOf,
    ids: () => [...entries.keys()], key: id => entries.get(id)?.key,
  };
})();
