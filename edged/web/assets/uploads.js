// Sends recordings one at a time; each can be cancelled, and leaving the page while one is sent asks first.
"use strict";
var edgedUploads = function (sent) {
  const { bar, button, forget, make, percent, rename, say, sentenceOf, setBar, show } = edgedEntries;
  const form = document.getElementById("upload"), keep = document.getElementById("keep");
  const MAX_BYTES = Number(form.dataset.maxBytes);
  const uploads = []; // waiting
  let sending = null, number = 0;

  function add(files) {
    for (const file of files) {
      const upload = { id: "upload-" + ++number, file, keep: keep.checked };
      if (file.size > MAX_BYTES)
        failed(upload, "The file is larger than the " + Math.round(MAX_BYTES / 1e6) + " MB that web.max_megabytes allows.");
      else if (file.size === 0) failed(upload, "The file is empty.");
      else {
        uploads.push(upload);
        showUpload(upload, null);
      }
    }
    send();
  }

  function refuseFolder(file) {
    failed({ id: "upload-" + ++number, file }, "This is a folder. Open it and drag the recordings in it.");
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
        rename(upload.id, JSON.parse(request.responseText).id);
        sent();
      } else failed(upload, sentenceOf(request.responseText));
      ended();
    });
    request.addEventListener("error", async function () {
      const answers = await edgedProgram.calls();
      failed(upload, answers ? "The upload was interrupted. If the file was moved or changed, choose it again."
        : "The upload was interrupted: edged web does not answer. Start it again if it has ended, and add the file again.");
      ended();
    });
    request.addEventListener("abort", ended);
    request.open("POST", "/calls/upload");
    request.send(body);
    showUpload(upload, 0);
  }

  window.addEventListener("beforeunload", function (event) {
    if (sending || uploads.length) event.preventDefault(); // leaving would end the upload
  });
  return { add, refuseFolder };
};
