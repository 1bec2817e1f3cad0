// Says that the table of a summary goes on to the right, where it is wider than its page: a scroll bar may be hidden.
"use strict";
(function () {
  const hint = document.getElementById("sideways"), box = document.querySelector(".scroll");
  if (!hint || !box) return;
  new ResizeObserver(function () { hint.hidden = box.scrollWidth <= box.clientWidth; }).observe(box);
})();
