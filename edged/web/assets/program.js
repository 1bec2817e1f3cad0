// Whether the program behind the page still answers: a page stays open in the browser when its program ends, and then
// says so, whatever it asks for next, be it the list, the player, a file to save or another page.
"use strict";
var edgedProgram = (function () {
  const gone = document.getElementById("gone"), report = document.querySelector("[data-call]");
  const audio = document.getElementById("audio"), missing = document.getElementById("audio-missing");
  const PATIENCE_MS = 20000, IDLE_MS = 3000, LINK_MS = 2000;
  const AGAIN = "If it has ended, start it again in a terminal: edged web";
  const ENDED = "edged web does not answer. ", KEEP = "Print this page, to paper or to a PDF, before you reload or close it.";
  const unsupported = missing && missing.textContent;
  let leaving = false, isLost = false; // isLost: the player failed because of the program

  // The calls of this run; null if the program does not answer.
  async function calls() {
    let found = null;
    try {
      found = (await (await fetch("/calls/state", { signal: AbortSignal.timeout(PATIENCE_MS) })).json()).calls;
    } catch { /* ended, or something else has its port now */ }
    if (leaving) return found; // whose requests end with the page
    const has = found && (!report || found.some(call => call.id === report.dataset.call));
    warn(has ? "" : words(found !== null));
    if (audio) player(has, found !== null);
    return found;
  }

  function words(answers) {
    if (answers)
      return "edged web has this report no longer: the call was removed, or edged web was started again. " + KEEP;
    if (report) return ENDED + AGAIN + ". Its copies of the report and of the recording are deleted when it ends. " + KEEP;
    if (document.getElementById("upload"))
      return ENDED + AGAIN + ". Recordings and reports are deleted when it ends; add them again then. This page keeps trying.";
    return ENDED + AGAIN + ".";
  }

  function warn(sentence) {
    if (gone.textContent !== sentence) gone.textContent = sentence; // else it would be read out every time
  }

  // What stands in place of a player that failed; it comes back with the program, as after a lost connection.
  function player(has, answers) {
    if (has && isLost) {
      isLost = false;
      missing.textContent = unsupported;
      missing.hidden = true;
      audio.hidden = false;
      document.documentElement.classList.remove("no-recording");
      audio.load();
    } else if (!has && (audio.hidden || isStuck())) {
      isLost = true;
      audio.pause();
      audio.hidden = true;
      missing.hidden = false;
      document.documentElement.classList.add("no-recording");
      missing.textContent = "This recording cannot be played: edged web " + (answers ? "has it no longer" : "does not answer")
        + ". Start edged web, if it has ended, and add " + report.dataset.name + " again from where you keep it.";
    }
  }

  // Chromium tries again for minutes, without an event, where other browsers report an error.
  function isStuck() {
    return !audio.paused && audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  // A link leaves the page only if something is behind it: the browser's own words would be all that is left.
  document.addEventListener("click", async function (event) {
    const link = event.target.closest("a[href^='/']");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const patience = new Promise(resolve => { setTimeout(resolve, LINK_MS, []); });
    if (await Promise.race([calls(), patience])) link.cloneNode().click(); // a click that does not come here
  });

  async function watch() {
    await calls();
    setTimeout(watch, IDLE_MS);
  }

  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) calls(); });
  for (const event of ["error", "waiting"]) audio?.addEventListener(event, calls);
  // The page Calls asks by itself, and a page that was saved has no program.
  if (!document.getElementById("upload") && location.protocol !== "file:") watch();
  return { calls };
})();
